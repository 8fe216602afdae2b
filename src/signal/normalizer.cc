#include "normalizer.h"

#include <algorithm>
#include <cmath>

#include "sos_bank.h"

namespace nest::signal {

Normalizer::Normalizer(const OnlinePreprocessorOptions& options, double rate_hz, int max_samples)
    : kind_(options.normalization == Normalization::kFixed     ? Kind::kFixed
            : options.normalization == Normalization::kRunning ? Kind::kRunning
                                                               : Kind::kNone),
      slowest_alpha_(-std::expm1(-1 / (options.running_s * rate_hz))),
      floor_(options.stddev_floor),
      width_(std::ptrdiff_t{groups_of(options.channels)} * kGroup) {
  storage_ = Tensor(DType::kF64, {2 * width_ + max_samples});
  first_ = storage_.mutable_data<double>().data();
  second_ = first_ + width_;
  alpha_ = second_ + width_;
  if (kind_ != Kind::kFixed) return;
  for (std::size_t c = 0; c < options.mean.size(); ++c) {
    first_[c] = options.mean[c];
    second_[c] = 1 / options.stddev[c];
  }
}

void Normalizer::reset() noexcept {
  if (kind_ != Kind::kRunning) return;
  std::fill_n(first_, 2 * width_, 0.0);
  seen_ = 0;
}

void Normalizer::run(const Kernels& kernels, BlockView block) noexcept {
  if (kind_ == Kind::kFixed) kernels.affine(block, first_, second_);
  if (kind_ != Kind::kRunning) return;
  for (int t = 0; t < block.samples; ++t) {
    ++seen_;
    alpha_[t] = std::max(1 / static_cast<double>(seen_), slowest_alpha_);
  }
  kernels.running(block, alpha_, first_, second_, floor_);
}

}  // namespace nest::signal
