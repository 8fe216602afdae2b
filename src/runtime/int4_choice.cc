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
constexpr int kLeastTries = 5, kMostTries = 30;
constexpr double kTryS = 4e-3;
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

  struct Seconds {
    double wide = std::numeric_limits<double>::max(), narrow = wide;  ///< int8, int4
  };
  /// Of one call, the least of some in turns, so that a busy spell meets both.
  Seconds least(std::int64_t bytes) {
    const MatMul wide = product(Precision::kInt8, bytes), narrow = product(Precision::kInt4, bytes);
    Seconds least;
    double spent = 0;
    for (int i = 0; i < kLeastTries || (i < kMostTries && spent < kTryS); ++i) {
      const Seconds now{once(wide), once(narrow)};
      spent += now.wide + now.narrow;
      least = {std::min(least.wide, now.wide), std::min(least.narrow, now.narrow)};
    }
    return least;
  }

 private:
  MatMul product(Precision precision, std::int64_t bytes) const {
    MatMul product;
    product.weight.precision = precision;
    product.weight.n = static_cast<int>(bytes / kDepth);
    product.weight.k = static_cast<int>(kDepth);
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
                             .ldx = kDepth,
                             .y = y_.data(),
                             .ldy = product.weight.n,
                             .scratch = scratch_.data()};
    product.round(frame_, o);
    const auto begin = Clock::now();
    product.multiply(frame_, o, 0, product.weight.n, 0);
    return std::chrono::duration<double>(Clock::now() - begin).count();
  }

  std::int64_t rows_;
  std::vector<std::byte> weights_, scratch_;
  std::vector<float> scales_;
  std::vector<std::int32_t> sums_;
  std::vector<float> x_, y_;
  Frame frame_;
};

Int4Choice::Rows measure(const Kernels& kernels, std::int64_t rows) {
  Trial trial(kernels, rows, *std::rbegin(kSizes));
  Int4Choice::Rows made;
  for (const std::int64_t bytes : kSizes) {
    const Trial::Seconds least = trial.least(bytes);
    const double gain = least.wide / least.narrow;
    made.gains[bytes] = gain;
    if (gain < kWorthIt) {
      made.least_bytes = Int4Choice::kNever;
    } else if (made.least_bytes == Int4Choice::kNever) {
      made.least_bytes = bytes;
    }
    if (least.wide > kSlowS) break;
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
