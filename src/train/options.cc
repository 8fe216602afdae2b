#include "nest/train/options.h"

#include "nest/core/error.h"
#include "nest/core/flags.h"
#include "nest/core/json.h"

namespace nest::train {

void register_flags(Flags& flags, TrainOptions& options) {
  flags.group("Training");
  flags.add("epochs", options.epochs, "passes over the training part");
  flags.add("batch-size", options.batch_size, "utterances a process and step");
  flags.add("bucket-batches", options.bucket_batches, "batches sorted by length together; 0: none");
  flags.add("seed", options.seed, "of weights, order, augmentation and dropout");
  flags.add("monitor", options.monitor, "validation score that decides: loss, wer or cer")
      .choices({"loss", "wer", "cer"});
  flags.add("early-stopping", options.early_stopping, "epochs without a better score; 0: never");
  flags.add("validate-every", options.validate_every, "epochs between two validations");
  flags.add("label-smoothing", options.label_smoothing, "attention models");
  flags.add("sampling", options.sampling, "attention: highest part of own tokens as input");
  flags.add("max-steps", options.max_steps, "stop, resumably, after so many steps; 0: no limit");
  register_flags(flags, options.optimizer);
  register_flags(flags, options.schedule);
  register_flags(flags, options.augment);
  flags.group("Device");
  nn::register_flags(flags, options.torch);
}

void validate(const TrainOptions& options) {
  require(options.epochs >= 1 && options.batch_size >= 1 && options.validate_every >= 1,
          ErrorCode::kInvalidArgument,
          "epochs, batch_size and validate_every must be at least 1, got {}, {} and {}",
          options.epochs, options.batch_size, options.validate_every);
  require(options.bucket_batches >= 0 && options.early_stopping >= 0 && options.max_steps >= 0,
          ErrorCode::kInvalidArgument,
          "bucket_batches, early_stopping and max_steps must not be negative");
  require(options.monitor == "loss" || options.monitor == "wer" || options.monitor == "cer",
          ErrorCode::kInvalidArgument, "unknown score '{}' to monitor; known: loss, wer, cer",
          options.monitor);
  require(options.label_smoothing >= 0 && options.label_smoothing < 1 && options.sampling >= 0 &&
              options.sampling <= 1,
          ErrorCode::kInvalidArgument,
          "label_smoothing must be in [0, 1) and sampling in [0, 1], got {} and {}",
          options.label_smoothing, options.sampling);
  validate(options.optimizer);
  validate(options.schedule);
  validate(options.augment);
  nn::validate(options.torch);
}

Json to_json(const TrainOptions& options) {
  Json json = {{"epochs", options.epochs},
               {"batch_size", options.batch_size},
               {"bucket_batches", options.bucket_batches},
               {"seed", options.seed},
               {"monitor", options.monitor},
               {"early_stopping", options.early_stopping},
               {"validate_every", options.validate_every},
               {"label_smoothing", options.label_smoothing},
               {"sampling", options.sampling},
               {"max_steps", options.max_steps}};
  json.update(to_json(options.optimizer));
  json.update(to_json(options.schedule));
  json.update(to_json(options.augment));
  json.update(nn::to_json(options.torch));
  return json;
}

}  // namespace nest::train
