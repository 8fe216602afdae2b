#pragma once

#include <cstdint>
#include <string>

#include "nest/compress/distillation_options.h"
#include "nest/core/enum.h"
#include "nest/core/options_fwd.h"
#include "nest/data/training_options.h"

namespace nest::compress {

/// Fixed scales of activations while a quantized model trains.
enum class ActivationScales : std::uint8_t {
  kLearned,   ///< with the weights
  kObserved,  ///< follow what goes into the products
  kKept,      ///< stay as they are
};
EnumTable enum_table(ActivationScales of);  ///< "learned", "observed", "kept"

/// How a model that is there already is trained on, with what made it what it is: augmentation,
/// surroundings, windows. LibTorch's half does it (train/fine_tuner.h).
struct FineTuneOptions {
  std::int64_t epochs = 0;  ///< 0: not at all
  std::int64_t batch_size = 16;
  double learning_rate = 3e-4;
  double weight_decay = 1e-2;
  std::int64_t warmup_steps = 0;
  double ema_decay = 0;      ///< of the averaged weights; 0: none
  double text_within_s = 0;  ///< as train::TrainOptions
  std::uint64_t seed = 0;
  int threads = 1;              ///< 0: LibTorch's own number
  std::string train_data = {};  ///< dataset folder; empty: the one that the verb measures on
  std::string train_split = "train";
  std::string validation_split = "auto";  ///< auto: "validation" or "valid"; empty: none
  DistillationOptions distillation = {};
  ActivationScales activation_scales = ActivationScales::kLearned;  ///< of quantized models
  data::AugmentOptions augment = {};
  data::SurroundOptions surround = {};
  data::TrainWindowOptions windows = {};
};
void visit_fields(FieldVisitor& visitor, FineTuneOptions& options);
/// Errors: FieldError; the split "test" is for evaluation alone; a teacher needs epochs.
void validate(const FineTuneOptions& options);

}  // namespace nest::compress
