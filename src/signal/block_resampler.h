#pragma once

#include <cstdint>
#include <vector>

#include "kernels/kernels.h"
#include "nest/core/tensor.h"
#include "nest/signal/resample.h"

namespace nest::signal {

/// Most samples a block holds on its way through a chain of kernels.
inline constexpr int kBlockSamples = 64;

/// The resampler on blocks of at most kBlockSamples input samples.
class BlockResampler {
 public:
  BlockResampler(ResampleRatio ratio, int channels, const ResampleOptions& options);

  ResampleRatio ratio() const noexcept { return ratio_; }
  std::int64_t half_length() const noexcept { return half_length_; }
  std::int64_t max_output(std::int64_t in_samples) const noexcept {
    return (in_samples * ratio_.up + ratio_.down - 1) / ratio_.down + 1;
  }
  /// Samples of output that the input so far stands for and that are not out yet.
  std::int64_t pending() const noexcept {
    return (consumed_ * ratio_.up + ratio_.down - 1) / ratio_.down - produced_;
  }
  /// Input samples of zeros after which all pending output is out.
  std::int64_t tail_samples() const noexcept { return half_length_ / ratio_.up + 1; }

  void reset() noexcept;
  /// As if the first row had been there forever; `row` [groups][kGroup], `stride` doubles a group.
  void start_steady(const double* row, std::ptrdiff_t stride) noexcept;
  /// Returns the rows written to `out`, which has room for max_output(in.samples) rows a group.
  int run(const Kernels& kernels, BlockView in, double* out, std::ptrdiff_t out_stride) noexcept;

 private:
  ResampleRatio ratio_;
  std::int64_t half_length_;
  int taps_per_phase_;
  int groups_;
  std::vector<double> taps_;  // [up][taps_per_phase]
  Tensor storage_;            // [groups][taps_per_phase - 1 + kBlockSamples][kGroup]
  double* rows_;
  std::ptrdiff_t stride_;
  std::int64_t consumed_ = 0;
  std::int64_t produced_ = 0;
};

}  // namespace nest::signal
