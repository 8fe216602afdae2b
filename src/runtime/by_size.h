#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "nest/core/json.h"
#include "nest/runtime/isa.h"
#include "runtime/kernels/kernels.h"

namespace nest::runtime {

/// What depends on how far away int8 weights lie: a number for each of four sizes, for one or
/// several rows and every instruction set, measured when first asked for.
class BySize {
 public:
  /// Bytes of int8 weights that are read in turn: from what lies in a second-level cache to what
  /// does not.
  static constexpr std::array<std::int64_t, 4> kSizes{256 << 10, 1 << 20, 4 << 20, 16 << 20};
  /// How much faster something must be before it is chosen: below, noise decides.
  static constexpr double kLeastGain = 1.03;
  using Measure = double (*)(const Kernels& kernels, std::int64_t rows, std::int64_t bytes);
  BySize(Measure measure, std::int64_t several) : measure_(measure), several_(several) {}

  /// Of the largest size that is no larger than `bytes`, else of the least.
  double at(Isa isa, std::int64_t rows, std::int64_t bytes);
  /// {"one_row": {BYTES: NUMBER}, "several_rows": ...}
  Json json(Isa isa);

 private:
  struct Number {
    std::once_flag once;
    double value = 0;
  };
  Measure measure_;
  std::int64_t several_;
  std::array<std::array<std::array<Number, kSizes.size()>, 2>, 16> all_;
};

}  // namespace nest::runtime
