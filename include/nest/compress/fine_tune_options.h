#pragma once

#include <cstdint>
#include <string>

#include "nest/compress/distillation_options.h"
#include "nest/core/enum.h"
#include "nest/core/options_fwd.h"

namespace nest::compress {

/// Fixed scales of activations while a quantized model trains.
enum class ActivationScales : std::uint8_t {
  kLearned,   ///< with the weights
  kObserved,  ///< follow what goes into the products
  kKept,      ///< stay as they are
};
EnumTable enum_table(ActivationScales of);  ///< "learned", "observed", "kept"

/// How a model that is there already is trained on; LibTorch's half does it (train/fine_tuner.h).
struct FineTuneOptions {
  std::int64_t epochs = 0;  ///< 0: not at all
  std::int64_t batch_size = 16;
  double learning_rate = 3e-4;
  std::uint64_t seed = 0;
  int threads = 1;  ///< 0: LibTorch's own number
  std::string train_split = "train";
  std::string validation_split = "auto";  ///< auto: "validation" or "valid"; empty: none
  DistillationOptions distillation = {};
  ActivationScales activation_scales = ActivationScales::kLearned;  ///< of quantized models
};
void visit_fields(FieldVisitor& visitor, FineTuneOptions& options);
/// Errors: FieldError; the split "test" is for evaluation alone; a teacher needs epochs.
void validate(const FineTuneOptions& options);

}  // namespace nest::compress
