#include "nest/train/options.h"

#include "nest/core/options.h"

namespace nest::train {

EnumTable enum_table(Monitor /*of*/) {
  static constexpr EnumName kNames[] = {
      {Monitor::kLoss, "loss"}, {Monitor::kWer, "wer"}, {Monitor::kCer, "cer"}};
  return {"score to monitor", kNames};
}

void visit_fields(FieldVisitor& visitor, TrainOptions& o) {
  visitor.group("Training");
  visitor.field("epochs", o.epochs, "passes over the training part", at_least(1));
  visitor.field("batch_size", o.batch_size, "utterances a process and step", at_least(1));
  visitor.field("bucket_batches", o.bucket_batches, "batches sorted by length together; 0: none",
                at_least(0));
  visitor.field("seed", o.seed, "of weights, order, augmentation and dropout");
  visitor.field("monitor", o.monitor, "validation score that decides");
  visitor.field("early_stopping", o.early_stopping, "epochs without a better score; 0: never",
                at_least(0), {.also = "early_stopping_patience"});
  visitor.field("validate_every", o.validate_every, "epochs between two validations", at_least(1));
  visitor.field("label_smoothing", o.label_smoothing, "attention models", at_least(0).below(1));
  visitor.field("sampling", o.sampling, "attention: highest part of own tokens as input",
                between(0, 1));
  visitor.field("text_within_s", o.text_within_s,
                "CTC: seconds behind its utterance by which a token must come; 0: whenever",
                between(0, 3600), {.flag = "text-within"});
  visitor.field("max_steps", o.max_steps, "stop, resumably, after so many steps; 0: no limit",
                at_least(0));
  visitor.part("", o.optimizer);
  visitor.part("", o.schedule);
  visitor.part("", o.augment);
  visitor.part("", o.surround);
  visitor.part("", o.windows);
  visitor.part("", o.distillation);
  visitor.group("Device");
  visitor.part("", o.torch);
}

}  // namespace nest::train
