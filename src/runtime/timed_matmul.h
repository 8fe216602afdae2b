#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "nest/core/json.h"
#include "nest/runtime/isa.h"
#include "runtime/matmul.h"

namespace nest::runtime {

/// Bytes of int8 weights that are read in turn, for which ways to hold them are measured: from what
/// lies in a second-level cache to what does not.
inline constexpr std::array<std::int64_t, 4> kWeightSizes{256 << 10, 1 << 20, 4 << 20, 16 << 20};
/// Inputs of such weights.
inline constexpr std::int64_t kTimedInputs = 512;
/// A number for each of them, and for one or several rows; measured when first asked for.
class BySize {
 public:
  using Measure = double (*)(const Kernels& kernels, std::int64_t rows, std::int64_t bytes);
  BySize(Measure measure, std::int64_t several) : measure_(measure), several_(several) {}

  double at(Isa isa, std::int64_t rows, std::size_t size);
  /// {"one_row": {BYTES: NUMBER}, "several_rows": ...}
  Json json(Isa isa);

 private:
  struct Number {
    std::once_flag once;
    double value = 0;
  };
  Measure measure_;
  std::int64_t several_;
  std::array<std::array<std::array<Number, kWeightSizes.size()>, 2>, 16> all_;
};

/// A product of integer codes that is timed, with activations of its own.
class TimedMatMul {
 public:
  TimedMatMul(const Kernels& kernels, const PackedMatrix& weight, std::int64_t rows);
  TimedMatMul(TimedMatMul&&) = default;  // what operands point at moves along

  /// Seconds of one product; activations are rounded before.
  double once();

 private:
  MatMul product_;
  std::vector<float> x_, y_;
  std::vector<std::byte> scratch_;
  MatMul::Operands operands_;
  Frame frame_;
};

/// The least seconds of each, of some calls in turns, so that a busy spell meets all: about two
/// milliseconds altogether, or one call each where that takes longer.
std::vector<double> least_seconds(std::vector<TimedMatMul>& products);

}  // namespace nest::runtime
