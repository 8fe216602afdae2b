#pragma once

#include <cstdint>
#include <vector>

#include "kernels/kernels.h"
#include "nest/core/tensor.h"
#include "nest/signal/preprocess_options.h"

namespace nest::signal {

/// Replaces values that are not finite and bad channels, and re-references, on blocks.
class ChannelPolicy {
 public:
  explicit ChannelPolicy(const OnlinePreprocessorOptions& options);

  /// Forgets the held values.
  void reset() noexcept;
  void set_bad_channels(const OnlinePreprocessorOptions& options) noexcept;

  /// In place; returns the number of values replaced. block.samples <= mean capacity.
  std::int64_t run(const Kernels& kernels, BlockView block) noexcept;

 private:
  double* row(int index) const noexcept { return rows_ + index * width_; }
  std::int64_t replace_non_finite(BlockView block) noexcept;

  int channels_;
  bool holds_;
  bool replaces_ = false;
  bool references_;
  double good_inverse_ = 1;
  double ref_inverse_ = 1;
  std::ptrdiff_t width_;  // groups x kGroup
  Tensor storage_;
  double* rows_;
};

}  // namespace nest::signal
