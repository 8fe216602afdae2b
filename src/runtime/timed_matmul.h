#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtime/matmul.h"

namespace nest::runtime {

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

/// Operands of timed products: weights of `kInputs` inputs in 8 or 4 bits, `bytes` of them in 8.
class TimedCodes {
 public:
  static constexpr std::int64_t kInputs = 512;
  explicit TimedCodes(std::int64_t bytes);

  std::int64_t outputs() const { return static_cast<std::int64_t>(scales_.size()); }
  PackedMatrix matrix(Precision precision) const;

 private:
  std::vector<std::byte> codes_;
  std::vector<float> scales_;
  std::vector<std::int32_t> sums_;
};

/// The least seconds of each, of some calls in turns, so that a busy spell meets all: about two
/// milliseconds altogether, or one call each where that takes longer.
std::vector<double> least_seconds(std::vector<TimedMatMul>& products);

}  // namespace nest::runtime
