#include "nest/runtime/int4_choice.h"

#include <vector>

#include "nest/core/json.h"
#include "runtime/by_size.h"
#include "runtime/timed_matmul.h"

namespace nest::runtime {
namespace {

constexpr std::int64_t kSeveral = 8;
/// Time of 8 bits in that of 4.
double measure_gain(const Kernels& kernels, std::int64_t rows, std::int64_t bytes) {
  const TimedCodes codes(bytes);
  std::vector<TimedMatMul> products;
  for (const Precision precision : {Precision::kInt8, Precision::kInt4})
    products.emplace_back(kernels, codes.matrix(precision), rows);
  const std::vector<double> seconds = least_seconds(products);
  return seconds[0] / seconds[1];
}

BySize& gains() {
  static BySize all(measure_gain, kSeveral);
  return all;
}

}  // namespace

bool keeps_int4(Isa isa, std::int64_t rows, std::int64_t bytes) {
  return bytes >= BySize::kSizes.front() && gains().at(isa, rows, bytes) >= BySize::kLeastGain;
}

Json int4_gains(Isa isa) {
  return gains().json(isa);
}

}  // namespace nest::runtime
