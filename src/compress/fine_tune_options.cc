#include "nest/compress/fine_tune_options.h"

#include "nest/core/field_error.h"
#include "nest/core/options.h"

namespace nest::compress {

EnumTable enum_table(ActivationScales /*of*/) {
  static constexpr EnumName kNames[] = {{ActivationScales::kLearned, "learned"},
                                        {ActivationScales::kObserved, "observed"},
                                        {ActivationScales::kKept, "kept"}};
  return {"way with activation scales", kNames};
}

void visit_fields(FieldVisitor& visitor, FineTuneOptions& o) {
  visitor.group("Training");
  visitor.field("epochs", o.epochs, "epochs of training on the dataset; 0: none", at_least(0));
  visitor.field("batch_size", o.batch_size, "utterances a training step", between(1, 4096));
  visitor.field("learning_rate", o.learning_rate, "highest; falls to a hundredth over the epochs",
                above(0), {.flag = "learning-rate,lr"});
  visitor.field("weight_decay", o.weight_decay, "of weights with two or more axes", at_least(0));
  visitor.field("warmup_steps", o.warmup_steps, "steps of linear rise", at_least(0));
  visitor.field("ema_decay", o.ema_decay, "decay of the averaged weights; 0: none",
                at_least(0).below(1));
  visitor.field("text_within_s", o.text_within_s,
                "CTC: seconds behind its utterance by which a token must come; 0: whenever",
                between(0, 3600), {.flag = "text-within"});
  visitor.field("seed", o.seed, "order of utterances, augmentation and dropout");
  visitor.field("threads", o.threads, "threads of training; 0: LibTorch's own number",
                between(0, 1024), kNotStored);
  visitor.field("train_data", o.train_data,
                "dataset to train on, cut otherwise: single trials to be joined; default: `data`");
  visitor.field("train_split", o.train_split, "split to train and measure on");
  visitor.field("validation_split", o.validation_split,
                "decides which weights are best; auto: validation or valid; empty: none");
  visitor.part("", o.distillation);
  visitor.field("activation_scales", o.activation_scales,
                "fixed scales while a quantized model trains: learned, observed or kept");
  visitor.part("", o.augment);
  visitor.part("", o.surround);
  visitor.part("", o.windows);
}

void validate(const FineTuneOptions& o) {
  check_fields(o);
  require_field(o.train_split != "test", "train_split", "is test, which is for evaluation only");
  require_field(o.validation_split != "test", "validation_split",
                "is test, which is for evaluation only");
  require_field(o.epochs > 0 || !o.distillation.is_on(), "epochs",
                "is 0, so nothing would be learned from a teacher; give `epochs`, or leave "
                "`teacher` and `distillation_weight` out");
}

}  // namespace nest::compress
