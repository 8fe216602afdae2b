#pragma once

#include <cstdint>

#include "kernels/kernels.h"
#include "nest/core/tensor.h"
#include "nest/signal/preprocess_options.h"

namespace nest::signal {

/// Fixed or running scaling of every channel, on blocks.
class Normalizer {
 public:
  Normalizer(const OnlinePreprocessorOptions& options, double rate_hz, int max_samples);

  void reset() noexcept;
  void run(const Kernels& kernels, BlockView block) noexcept;

 private:
  enum class Kind { kNone, kFixed, kRunning };
  Kind kind_;
  double slowest_alpha_;
  double floor_;
  std::int64_t seen_ = 0;
  Tensor storage_;  // two rows of lanes, then max_samples weights
  double* first_;   // offset, or running mean
  double* second_;  // scale, or running variance
  double* alpha_;
  std::ptrdiff_t width_;
};

}  // namespace nest::signal
