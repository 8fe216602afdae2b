#include "nest/runtime/int4_choice.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <mutex>
#include <vector>

#include "nest/core/json.h"
#include "runtime/matmul.h"
#include "runtime/measured_kernels.h"

namespace nest::runtime {
namespace {

constexpr std::int64_t kInputs = 512, kSeveral = 8;
constexpr std::array<std::int64_t, 4> kSizes{256 << 10, 1 << 20, 4 << 20, 16 << 20};
constexpr int kLeastTries = 5, kMostTries = 30;
constexpr double kTryS = 2e-3;
constexpr double kSlowS = 1e-2;  ///< calls that take longer are tried once
constexpr double kLeastGain = 1.03;

/// Products of kInputs inputs by as many columns as bytes of int8 codes there are.
class Trial {
 public:
  Trial(const Kernels& kernels, std::int64_t rows, std::int64_t bytes)
      : rows_(rows),
        bytes_(bytes),
        weights_(static_cast<std::size_t>(bytes), std::byte{0x35}),
        scales_(static_cast<std::size_t>(bytes / kInputs), 1.0f),
        sums_(scales_.size()),
        x_(static_cast<std::size_t>(rows * kInputs), 1.0f),
        y_(static_cast<std::size_t>(rows) * scales_.size()) {
    frame_.kernels = &kernels;
  }

  /// Time of 8 bits in that of 4, the least of some calls in turns, so that a busy spell meets
  /// both.
  double gain() {
    const MatMul wide = product(Precision::kInt8), narrow = product(Precision::kInt4);
    double wide_s = once(wide), narrow_s = once(narrow), spent = wide_s + narrow_s;
    const int least = spent > kSlowS ? 1 : kLeastTries;
    for (int i = 1; i < least || (i < kMostTries && spent < kTryS); ++i) {
      const double now_wide = once(wide), now_narrow = once(narrow);
      spent += now_wide + now_narrow;
      wide_s = std::min(wide_s, now_wide);
      narrow_s = std::min(narrow_s, now_narrow);
    }
    return wide_s / narrow_s;
  }

 private:
  MatMul product(Precision precision) const {
    MatMul product;
    product.weight.precision = precision;
    product.weight.n = static_cast<int>(bytes_ / kInputs);
    product.weight.k = static_cast<int>(kInputs);
    product.weight.data = weights_.data();
    product.weight.scale = scales_.data();
    product.weight.sum = sums_.data();
    return product;
  }
  double once(const MatMul& product) {
    using Clock = std::chrono::steady_clock;
    scratch_.resize(static_cast<std::size_t>(MatMul::scratch_bytes(product.weight, rows_, 1)));
    const MatMul::Operands o{.m = rows_,
                             .x = x_.data(),
                             .ldx = kInputs,
                             .y = y_.data(),
                             .ldy = product.weight.n,
                             .scratch = scratch_.data()};
    product.round(frame_, o);
    const auto begin = Clock::now();
    product.multiply(frame_, o, 0, product.weight.n, 0);
    return std::chrono::duration<double>(Clock::now() - begin).count();
  }

  std::int64_t rows_, bytes_;
  std::vector<std::byte> weights_, scratch_;
  std::vector<float> scales_;
  std::vector<std::int32_t> sums_;
  std::vector<float> x_, y_;
  Frame frame_;
};

struct MeasuredGain {
  std::once_flag once;
  double gain = 0;
};

double gain_of(Isa isa, std::int64_t rows, std::size_t size) {
  static std::array<std::array<std::array<MeasuredGain, kSizes.size()>, 2>, 16> all;
  const bool is_one = rows == 1;
  MeasuredGain& it = all.at(static_cast<std::size_t>(isa)).at(is_one ? 0 : 1).at(size);
  std::call_once(it.once, [&] {
    it.gain = Trial(measured_kernels(isa), is_one ? 1 : kSeveral, kSizes.at(size)).gain();
  });
  return it.gain;
}

Json gains_json(Isa isa, std::int64_t rows) {
  Json gains = Json::object();
  for (std::size_t i = 0; i < kSizes.size(); ++i)
    gains[std::to_string(kSizes.at(i))] = gain_of(isa, rows, i);
  return gains;
}

}  // namespace

bool keeps_int4(Isa isa, std::int64_t rows, std::int64_t bytes) {
  const auto above = std::ranges::upper_bound(kSizes, bytes);
  if (above == kSizes.begin()) return false;
  return gain_of(isa, rows, static_cast<std::size_t>(above - kSizes.begin()) - 1) >= kLeastGain;
}

Json int4_gains(Isa isa) {
  return {{"one_row", gains_json(isa, 1)}, {"several_rows", gains_json(isa, kSeveral)}};
}

}  // namespace nest::runtime
