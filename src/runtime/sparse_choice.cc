#include "nest/runtime/sparse_choice.h"

#include <algorithm>
#include <vector>

#include "nest/core/json.h"
#include "runtime/timed_matmul.h"

namespace nest::runtime {
namespace {

constexpr std::int64_t kSeveral = 14;
constexpr double kFew = 0.5, kAll = 1;
constexpr double kLeastGain = 1.03;

/// Blocks of ones for a matrix of kTimedInputs inputs; in every strip the same groups are there.
struct Blocks {
  std::vector<std::uint32_t> starts;
  std::vector<std::uint16_t> groups;
  std::vector<std::byte> codes;

  Blocks(std::int64_t outputs, double share) {
    starts.push_back(0);
    for (std::int64_t strip = 0; strip < outputs / kStrip; ++strip) {
      for (std::int64_t group = 0; group < kTimedInputs / 4; ++group) {
        const bool is_there = static_cast<double>(group % 8) < 8 * share;
        if (is_there) groups.push_back(static_cast<std::uint16_t>(group));
      }
      starts.push_back(static_cast<std::uint32_t>(groups.size()));
    }
    codes.resize(groups.size() * kStrip * 4, std::byte{1});
  }
  SparseWeights view() const { return {starts.data(), groups.data(), codes.data()}; }
};

/// Sparse time grows by the block: the line through two shares crosses the dense time.
double measure(const Kernels& kernels, std::int64_t rows, std::int64_t bytes) {
  const std::int64_t outputs = bytes / kTimedInputs;
  const std::vector<std::byte> dense(static_cast<std::size_t>(bytes), std::byte{1});
  const std::vector<float> scales(static_cast<std::size_t>(outputs), 1.0f);
  const std::vector<std::int32_t> sums(scales.size());
  const Blocks few(outputs, kFew), all(outputs, kAll);
  std::vector<TimedMatMul> products;
  for (const Blocks* blocks : {static_cast<const Blocks*>(nullptr), &few, &all}) {
    PackedMatrix weight;
    weight.precision = Precision::kInt8;
    weight.n = static_cast<int>(outputs);
    weight.k = static_cast<int>(kTimedInputs);
    weight.data = dense.data();
    weight.scale = scales.data();
    weight.sum = sums.data();
    if (blocks != nullptr) weight.sparse = blocks->view();
    products.emplace_back(kernels, weight, rows);
  }
  const std::vector<double> seconds = least_seconds(products);
  const double a_share = (seconds[2] - seconds[1]) / (kAll - kFew);
  if (a_share <= 0) return seconds[1] < seconds[0] ? 1 : 0;
  return std::clamp(kFew + (seconds[0] / kLeastGain - seconds[1]) / a_share, 0.0, 1.0);
}

BySize& shares() {
  static BySize all(measure, kSeveral);
  return all;
}

}  // namespace

double sparse_break_even(Isa isa, std::int64_t rows, std::int64_t bytes) {
  const auto above = std::ranges::upper_bound(kWeightSizes, bytes);
  const auto size = std::max<std::int64_t>(above - kWeightSizes.begin(), 1) - 1;
  return shares().at(isa, rows, static_cast<std::size_t>(size));
}

Json sparse_break_evens(Isa isa) {
  return shares().json(isa);
}

}  // namespace nest::runtime
