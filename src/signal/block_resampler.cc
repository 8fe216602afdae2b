#include "block_resampler.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <span>

#include "sos_bank.h"

namespace nest::signal {

BlockResampler::BlockResampler(ResampleRatio ratio, int channels, const ResampleOptions& options)
    : ratio_(ratio), groups_(groups_of(channels)) {
  const std::vector<double> filter = design_resample_filter(ratio, options);
  const auto up = static_cast<std::size_t>(ratio.up);
  half_length_ = static_cast<std::int64_t>(filter.size() / 2);
  taps_per_phase_ = static_cast<int>((filter.size() + up - 1) / up);
  const auto per_phase = static_cast<std::size_t>(taps_per_phase_);
  taps_.assign(up * per_phase, 0.0);
  for (std::size_t i = 0; i < filter.size(); ++i) taps_[i % up * per_phase + i / up] = filter[i];
  for (std::size_t phase = 0; options.is_dc_exact && phase < up; ++phase) {
    const std::span<double> taps = std::span(taps_).subspan(phase * per_phase, per_phase);
    const double sum = std::accumulate(taps.begin(), taps.end(), 0.0);
    for (double& tap : taps) tap /= sum;
  }
  stride_ = static_cast<std::ptrdiff_t>(taps_per_phase_ - 1 + kBlockSamples) * kGroup;
  storage_ = Tensor(DType::kF64, {groups_, stride_});
  rows_ = storage_.mutable_data<double>().data();
}

void BlockResampler::reset() noexcept {
  std::fill_n(rows_, static_cast<std::size_t>(storage_.numel()), 0.0);
  consumed_ = 0;
  produced_ = 0;
}

void BlockResampler::start_steady(const double* row, std::ptrdiff_t stride) noexcept {
  for (int g = 0; g < groups_; ++g) {
    for (int i = 0; i < taps_per_phase_ - 1; ++i) {
      std::memcpy(rows_ + g * stride_ + i * kGroup, row + g * stride, kGroup * sizeof(double));
    }
  }
}

int BlockResampler::run(const Kernels& kernels, BlockView in, double* out,
                        std::ptrdiff_t out_stride) noexcept {
  const std::ptrdiff_t history = std::ptrdiff_t{taps_per_phase_ - 1} * kGroup;
  const std::size_t fresh = static_cast<std::size_t>(in.samples) * kGroup * sizeof(double);
  for (int g = 0; g < groups_; ++g) {
    std::memcpy(rows_ + g * stride_ + history, in.data + g * in.group_stride, fresh);
  }
  int written = 0;
  for (;; ++produced_, ++written) {
    const std::int64_t position = produced_ * ratio_.down + half_length_;
    const std::int64_t newest = position / ratio_.up - consumed_;
    if (newest >= in.samples) break;
    kernels.fir(taps_.data() + position % ratio_.up * taps_per_phase_, taps_per_phase_,
                rows_ + history + newest * kGroup, stride_, groups_, out + written * kGroup,
                out_stride);
  }
  for (int g = 0; g < groups_; ++g) {
    double* rows = rows_ + g * stride_;
    std::memmove(rows, rows + std::ptrdiff_t{in.samples} * kGroup,
                 static_cast<std::size_t>(history) * sizeof(double));
  }
  consumed_ += in.samples;
  return written;
}

}  // namespace nest::signal
