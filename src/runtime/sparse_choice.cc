#include "nest/runtime/sparse_choice.h"

#include <algorithm>
#include <vector>

#include "nest/core/json.h"
#include "runtime/by_size.h"
#include "runtime/timed_matmul.h"

namespace nest::runtime {
namespace {

constexpr std::int64_t kSeveralRows = 14;
constexpr double kFew = 0.5, kAll = 1;
/// Blocks of ones for a matrix of TimedCodes::kInputs inputs; in every strip the same groups are
/// there.
struct Blocks {
  std::vector<std::uint32_t> starts;
  std::vector<std::uint16_t> groups;
  std::vector<std::byte> codes;

  Blocks(std::int64_t outputs, double share) {
    starts.push_back(0);
    for (std::int64_t strip = 0; strip < outputs / kStrip; ++strip) {
      for (std::int64_t group = 0; group < TimedCodes::kInputs / 4; ++group) {
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
double measure_share(const Kernels& kernels, std::int64_t rows, std::int64_t bytes) {
  const TimedCodes codes(bytes);
  const Blocks few(codes.outputs(), kFew), all(codes.outputs(), kAll);
  std::vector<TimedMatMul> products;
  for (const SparseWeights& sparse : {SparseWeights(), few.view(), all.view()}) {
    PackedMatrix weight = codes.matrix(Precision::kInt8);
    weight.sparse = sparse;
    products.emplace_back(kernels, weight, rows);
  }
  const std::vector<double> seconds = least_seconds(products);
  const double a_share = (seconds[2] - seconds[1]) / (kAll - kFew);
  if (a_share <= 0) return seconds[1] < seconds[0] ? 1 : 0;
  return std::clamp(kFew + (seconds[0] / BySize::kLeastGain - seconds[1]) / a_share, 0.0, 1.0);
}

BySize& shares() {
  static BySize all(measure_share, kSeveralRows);
  return all;
}

}  // namespace

double sparse_break_even(Isa isa, std::int64_t rows, std::int64_t bytes) {
  return shares().at(isa, rows, bytes);
}

Json sparse_break_evens(Isa isa) {
  return shares().json(isa);
}

}  // namespace nest::runtime
