#pragma once

#include <cstdint>
#include <string>

#include "nest/compress/distillation_options.h"
#include "nest/core/options_fwd.h"
#include "nest/data/training_options.h"
#include "nest/nn/options.h"
#include "nest/train/optimizer.h"
#include "nest/train/schedule.h"

namespace nest::train {

/// The validation score that decides which weights are best.
enum class Monitor { kLoss, kWer, kCer };
EnumTable enum_table(Monitor of);  ///< "loss", "wer", "cer"

/// Everything that changes the result of a training run.
struct TrainOptions {
  std::int64_t epochs = 50;
  std::int64_t batch_size = 16;      ///< utterances a process and step
  std::int64_t bucket_batches = 16;  ///< batches sorted by length together; 0: none
  std::uint64_t seed = 0;
  Monitor monitor = Monitor::kLoss;
  int early_stopping = 0;      ///< epochs without a better score; 0: never
  int validate_every = 1;      ///< epochs
  double label_smoothing = 0;  ///< attention
  double sampling = 0;         ///< attention: highest part of own tokens, reached linearly
  /// CTC: an utterance's tokens must come between its begin and so many seconds behind its end,
  /// and nothing elsewhere; 0: anywhere, as long as the order is right.
  double text_within_s = 0;
  std::int64_t max_steps = 0;  ///< stop (resumably) after so many steps in all; 0: no limit
  OptimizerOptions optimizer;
  ScheduleOptions schedule;
  data::AugmentOptions augment;
  data::SurroundOptions surround;
  data::TrainWindowOptions windows;
  compress::DistillationOptions distillation;
  nn::TorchOptions torch;
};
void visit_fields(FieldVisitor& visitor, TrainOptions& options);

}  // namespace nest::train
