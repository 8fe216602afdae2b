#include "nest/runtime/int4_choice.h"

#include <array>
#include <chrono>
#include <mutex>

#include "nest/core/json.h"
#include "runtime/matmul.h"
#include "runtime/measured_kernels.h"

namespace nest::runtime {
namespace {

constexpr std::int64_t kDepth = 512, kSeveral = 8;
constexpr std::int64_t kSizes[] = {256 << 10, 1 << 20, 4 << 20, 16 << 20};
constexpr int kLeastTries = 3, kMostTries = 20;
constexpr double kTryS = 2e-3;
constexpr double kSlowS = 4e-3;  ///< calls that take longer are not measured at greater sizes
constexpr double kWorthIt = 1.03;

/// Products of kDepth by as many columns as bytes of int8 codes there are.
class Trial {
 public:
  Trial(const Kernels& kernels, std::int64_t rows, std::int64_t most_bytes)
      : rows_(rows),
        weights_(static_cast<std::size_t>(most_bytes), std::byte{0x35}),
        scales_(static_cast<std::size_t>(most_bytes / kDepth), 1.0f),
        sums_(scales_.size()),
        x_(static_cast<std::size_t>(rows * kDepth), 1.0f),
        y_(static_cast<std::size_t>(rows) * scales_.size()) {
    frame_.kernels = &kernels;
  }

  /// Of one call, the least of some.
  double seconds(Precision precision, std::int64_t bytes) {
    MatMul product;
    product.weight.precision = precision;
    product.weight.n = static_cast<int>(bytes / kDepth);
    product.weight.k = static_cast<int>(kDepth);
    product.weight.data = weights_.data();
    product.weight.scale = scales_.data();
    product.weight.sum = sums_.data();
    std::vector<std::byte> scratch(
        static_cast<std::size_t>(MatMul::scratch_bytes(product.weight, rows_, 1)));
    const MatMul::Operands o{.m = rows_,
                             .x = x_.data(),
                             .ldx = kDepth,
                             .y = y_.data(),
                             .ldy = product.weight.n,
                             .scratch = scratch.data()};
    product.round(frame_, o);
    double least = std::numeric_limits<double>::max(), spent = 0;
    for (int i = 0; i < kLeastTries || (i < kMostTries && spent < kTryS); ++i) {
      using Clock = std::chrono::steady_clock;
      const auto begin = Clock::now();
      product.multiply(frame_, o, 0, product.weight.n, 0);
      const double once = std::chrono::duration<double>(Clock::now() - begin).count();
      least = std::min(least, once);
      spent += once;
    }
    return least;
  }

 private:
  std::int64_t rows_;
  std::vector<std::byte> weights_;
  std::vector<float> scales_;
  std::vector<std::int32_t> sums_;
  std::vector<float> x_, y_;
  Frame frame_;
};

Int4Choice::Rows measure(const Kernels& kernels, std::int64_t rows) {
  Trial trial(kernels, rows, *std::rbegin(kSizes));
  Int4Choice::Rows made;
  for (const std::int64_t bytes : kSizes) {
    const double wide = trial.seconds(Precision::kInt8, bytes);
    const double gain = wide / trial.seconds(Precision::kInt4, bytes);
    made.gains[bytes] = gain;
    if (gain < kWorthIt) {
      made.least_bytes = Int4Choice::kNever;
    } else if (made.least_bytes == Int4Choice::kNever) {
      made.least_bytes = bytes;
    }
    if (wide > kSlowS) break;
  }
  return made;
}

struct Measured {
  std::once_flag once;
  Int4Choice choice;
};

Json to_json(const Int4Choice::Rows& rows) {
  Json gains = Json::object();
  for (const auto& [bytes, gain] : rows.gains) gains[std::to_string(bytes)] = gain;
  const bool is_never = rows.least_bytes == Int4Choice::kNever;
  return {{"least_bytes", is_never ? Json() : Json(rows.least_bytes)}, {"gain_by_bytes", gains}};
}

}  // namespace

const Int4Choice& int4_choice(Isa isa) {
  static std::array<Measured, 16> all;
  Measured& one = all.at(static_cast<std::size_t>(isa));
  std::call_once(one.once, [&] {
    const Kernels& kernels = measured_kernels(isa);
    one.choice = {measure(kernels, 1), measure(kernels, kSeveral)};
  });
  return one.choice;
}

Json to_json(const Int4Choice& choice) {
  return {{"one_row", to_json(choice.one)}, {"several_rows", to_json(choice.several)}};
}

}  // namespace nest::runtime
