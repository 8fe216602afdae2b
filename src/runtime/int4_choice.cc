#include "nest/runtime/int4_choice.h"

#include <algorithm>
#include <vector>

#include "nest/core/json.h"
#include "runtime/timed_matmul.h"

namespace nest::runtime {
namespace {

constexpr std::int64_t kSeveral = 8;
constexpr double kLeastGain = 1.03;

/// Time of 8 bits in that of 4: products of kTimedInputs inputs by as many columns as bytes of int8
/// codes there are.
double measure(const Kernels& kernels, std::int64_t rows, std::int64_t bytes) {
  const std::vector<std::byte> codes(static_cast<std::size_t>(bytes), std::byte{0x35});
  const std::vector<float> scales(static_cast<std::size_t>(bytes / kTimedInputs), 1.0f);
  const std::vector<std::int32_t> sums(scales.size());
  std::vector<TimedMatMul> products;
  for (const Precision precision : {Precision::kInt8, Precision::kInt4}) {
    PackedMatrix weight;
    weight.precision = precision;
    weight.n = static_cast<int>(bytes / kTimedInputs);
    weight.k = static_cast<int>(kTimedInputs);
    weight.data = codes.data();
    weight.scale = scales.data();
    weight.sum = sums.data();
    products.emplace_back(kernels, weight, rows);
  }
  const std::vector<double> seconds = least_seconds(products);
  return seconds[0] / seconds[1];
}

BySize& gains() {
  static BySize all(measure, kSeveral);
  return all;
}

}  // namespace

bool keeps_int4(Isa isa, std::int64_t rows, std::int64_t bytes) {
  const auto above = std::ranges::upper_bound(kWeightSizes, bytes);
  if (above == kWeightSizes.begin()) return false;
  const auto size = static_cast<std::size_t>(above - kWeightSizes.begin()) - 1;
  return gains().at(isa, rows, size) >= kLeastGain;
}

Json int4_gains(Isa isa) {
  return gains().json(isa);
}

}  // namespace nest::runtime
