#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace nest::compress {

/// How often magnitudes occur: kBins equal bins over [0, range), range a power of two that grows
/// when a larger value comes, two bins becoming one at each doubling.
///
/// State: the same after the same values in any order and any grouping. NaN and infinities are
/// counted apart. Cost: constant memory, one pass.
class MagnitudeHistogram {
 public:
  static constexpr int kBins = 4096;

  void add(std::span<const float> values) noexcept;
  /// Errors: none; what the other saw counts as seen here.
  void merge(const MagnitudeHistogram& other) noexcept;

  /// Of finite values, zeros included.
  std::uint64_t count() const { return count_; }
  std::uint64_t zeros() const { return zeros_; }
  std::uint64_t not_finite() const { return not_finite_; }
  float largest() const { return largest_; }
  double bin_width() const;
  /// Zeros are in the first bin.
  std::span<const std::uint64_t, kBins> bins() const { return bins_; }

  bool operator==(const MagnitudeHistogram&) const = default;

 private:
  /// Makes bins wide enough for exponents (std::frexp) up to the given one.
  void widen(int exponent) noexcept;

  std::array<std::uint64_t, kBins> bins_{};
  bool has_range_ = false;
  int exponent_ = 0;  ///< range = 2^exponent
  float largest_ = 0;
  std::uint64_t count_ = 0, zeros_ = 0, not_finite_ = 0;
};

}  // namespace nest::compress
