#include "runtime/timed_matmul.h"

#include <algorithm>
#include <chrono>
#include <limits>

namespace nest::runtime {
namespace {

constexpr int kLeastTries = 5, kMostTries = 30;
constexpr double kTryS = 2e-3;
constexpr double kSlowS = 1e-2;  ///< turns that take longer are tried once

}  // namespace

TimedMatMul::TimedMatMul(const Kernels& kernels, const PackedMatrix& weight, std::int64_t rows)
    : x_(static_cast<std::size_t>(rows * weight.k), 1.0f),
      y_(static_cast<std::size_t>(rows * weight.n)),
      scratch_(static_cast<std::size_t>(MatMul::scratch_bytes(weight, rows, 1))) {
  product_.weight = weight;
  operands_ = {.m = rows,
               .x = x_.data(),
               .ldx = weight.k,
               .y = y_.data(),
               .ldy = weight.n,
               .scratch = scratch_.data()};
  frame_.kernels = &kernels;
}

double TimedMatMul::once() {
  using Clock = std::chrono::steady_clock;
  product_.round(frame_, operands_);
  const auto begin = Clock::now();
  product_.multiply(frame_, operands_, 0, product_.weight.n, 0);
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

TimedCodes::TimedCodes(std::int64_t bytes)
    : codes_(static_cast<std::size_t>(bytes), std::byte{0x35}),
      scales_(static_cast<std::size_t>(bytes / kInputs), 1.0f),
      sums_(scales_.size()) {}

PackedMatrix TimedCodes::matrix(Precision precision) const {
  PackedMatrix made;
  made.precision = precision;
  made.n = static_cast<int>(outputs());
  made.k = static_cast<int>(kInputs);
  made.data = codes_.data();
  made.scale = scales_.data();
  made.sum = sums_.data();
  return made;
}

std::vector<double> least_seconds(std::vector<TimedMatMul>& products) {
  std::vector<double> least(products.size(), std::numeric_limits<double>::max());
  double spent = 0;
  for (int i = 0; i < kMostTries; ++i) {
    const bool is_enough = spent > kSlowS || (i >= kLeastTries && spent > kTryS);
    if (is_enough) break;
    for (std::size_t p = 0; p < products.size(); ++p) {
      const double now = products[p].once();
      spent += now;
      least[p] = std::min(least[p], now);
    }
  }
  return least;
}

}  // namespace nest::runtime
