#pragma once

#include <cstdint>
#include <string>

#include "nest/core/options_fwd.h"

namespace nest::compress {

/// How a model that is there already is trained on; LibTorch's half does it (train/fine_tuner.h).
struct FineTuneOptions {
  std::int64_t epochs = 0;  ///< 0: not at all
  std::int64_t batch_size = 16;
  double learning_rate = 3e-4;
  std::uint64_t seed = 0;
  int threads = 1;  ///< 0: LibTorch's own number
  std::string train_split = "train";
  std::string validation_split = "auto";  ///< auto: "validation" or "valid"; empty: none
};
void visit_fields(FieldVisitor& visitor, FineTuneOptions& options);
/// Errors: FieldError; the split "test" is for evaluation alone.
void validate(const FineTuneOptions& options);

}  // namespace nest::compress
