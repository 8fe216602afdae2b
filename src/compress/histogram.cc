#include "nest/compress/histogram.h"

#include <algorithm>
#include <cmath>

namespace nest::compress {

void MagnitudeHistogram::widen(int exponent) noexcept {
  if (!has_range_) {
    has_range_ = true;
    exponent_ = exponent;
    return;
  }
  if (exponent <= exponent_) return;
  const int shift = std::min(exponent - exponent_, 31);
  for (std::size_t i = 1; i < bins_.size(); ++i) {
    const std::uint64_t moved = bins_[i];
    bins_[i] = 0;
    bins_[i >> shift] += moved;
  }
  exponent_ = exponent;
}

void MagnitudeHistogram::add(std::span<const float> values) noexcept {
  float top = 0;
  for (const float value : values) {
    const float magnitude = std::fabs(value);
    if (std::isfinite(magnitude)) top = std::max(top, magnitude);
  }
  if (top > 0) {
    int exponent = 0;
    std::frexp(top, &exponent);  // top < 2^exponent
    widen(exponent);
    largest_ = std::max(largest_, top);
  }
  const double per_unit = has_range_ ? std::ldexp(kBins, -exponent_) : 0;
  for (const float value : values) {
    const double magnitude = std::fabs(static_cast<double>(value));
    if (!std::isfinite(magnitude)) {
      ++not_finite_;
      continue;
    }
    ++count_;
    if (magnitude == 0) ++zeros_;
    ++bins_[static_cast<std::size_t>(magnitude * per_unit)];
  }
}

void MagnitudeHistogram::merge(const MagnitudeHistogram& other) noexcept {
  MagnitudeHistogram added = other;
  if (added.has_range_) widen(added.exponent_);
  if (has_range_) added.widen(exponent_);
  for (std::size_t i = 0; i < bins_.size(); ++i) bins_[i] += added.bins_[i];
  largest_ = std::max(largest_, added.largest_);
  count_ += added.count_;
  zeros_ += added.zeros_;
  not_finite_ += added.not_finite_;
}

double MagnitudeHistogram::bin_width() const {
  return has_range_ ? std::ldexp(1.0 / kBins, exponent_) : 0;
}

}  // namespace nest::compress
