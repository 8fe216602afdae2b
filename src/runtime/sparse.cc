#include "runtime/sparse.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "nest/core/error.h"
#include "nest/core/tensor.h"
#include "nest/graph/codes.h"
#include "nest/graph/sparsity.h"
#include "runtime/pack.h"
#include "runtime/round_up.h"

namespace nest::runtime {
namespace {

constexpr std::int64_t kGroup = graph::kSparseBlockColumns;
static_assert(kStrip == graph::kSparseBlockRows);

std::int64_t strips_of(std::int64_t n) {
  return (n + kStrip - 1) / kStrip;
}

/// Bytes before the blocks.
std::size_t header_bytes(std::int64_t n, std::size_t blocks) {
  const std::size_t bytes = (static_cast<std::size_t>(strips_of(n)) + 1) * 4 + blocks * 2;
  return round_up(bytes, kAlignment);
}
std::size_t block_bytes(Precision precision) {
  return kStrip * kGroup * (precision == Precision::kInt8 ? 1 : 4);
}

bool is_zero(const float* weight, std::int64_t k, std::int64_t rows, std::int64_t group) {
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t i = 0; i < kGroup; ++i)
      if (weight[r * k + group * kGroup + i] != 0) return false;
  return true;
}

}  // namespace

double BlockPattern::density(std::int64_t k) const {
  const double all = static_cast<double>(starts.size() - 1) * static_cast<double>(k / kGroup);
  return all == 0 ? 1 : static_cast<double>(groups.size()) / all;
}

BlockPattern find_blocks(const float* weight, std::int64_t n, std::int64_t k) {
  BlockPattern pattern;
  pattern.starts.push_back(0);
  for (std::int64_t r = 0; r < n; r += kStrip) {
    const std::int64_t rows = std::min<std::int64_t>(kStrip, n - r);
    for (std::int64_t g = 0; g < k / kGroup; ++g) {
      if (!is_zero(weight + r * k, k, rows, g))
        pattern.groups.push_back(static_cast<std::uint16_t>(g));
    }
    pattern.starts.push_back(static_cast<std::uint32_t>(pattern.groups.size()));
  }
  return pattern;
}

bool can_be_sparse(Precision precision, std::int64_t k) {
  return (precision == Precision::kFp32 || precision == Precision::kInt8) && k % kGroup == 0 &&
         k / kGroup < (1 << 16);
}

std::size_t sparse_bytes(Precision precision, std::int64_t n, std::size_t blocks) {
  return header_bytes(n, blocks) + blocks * block_bytes(precision);
}

void pack_sparse(Precision precision, const BlockPattern& pattern, const float* weight,
                 std::int64_t n, std::int64_t k, const float* scale, void* out) {
  auto* bytes = static_cast<std::byte*>(out);
  std::memset(bytes, 0, sparse_bytes(precision, n, pattern.groups.size()));
  auto* starts = static_cast<std::uint32_t*>(out);
  std::copy(pattern.starts.begin(), pattern.starts.end(), starts);
  std::copy(pattern.groups.begin(), pattern.groups.end(),
            reinterpret_cast<std::uint16_t*>(starts + pattern.starts.size()));
  std::byte* blocks = bytes + header_bytes(n, pattern.groups.size());
  for (std::int64_t s = 0; s < strips_of(n); ++s) {
    const std::int64_t rows = std::min<std::int64_t>(kStrip, n - s * kStrip);
    for (std::uint32_t b = pattern.starts[static_cast<std::size_t>(s)];
         b < pattern.starts[static_cast<std::size_t>(s) + 1]; ++b) {
      std::byte* block = blocks + b * block_bytes(precision);
      for (std::int64_t r = 0; r < rows; ++r)
        for (std::int64_t i = 0; i < kGroup; ++i) {
          const std::int64_t row = s * kStrip + r;
          const float value = weight[row * k + pattern.groups[b] * kGroup + i];
          if (precision == Precision::kInt8) {
            reinterpret_cast<std::int8_t*>(block)[r * kGroup + i] =
                graph::weight_code(value, scale[row]);
          } else {
            reinterpret_cast<float*>(block)[i * kStrip + r] = value;
          }
        }
    }
  }
}

SparseWeights sparse_view(Precision precision, std::int64_t n, std::int64_t k, const void* packed,
                          std::size_t bytes) {
  const auto strips = static_cast<std::size_t>(strips_of(n));
  const auto* starts = static_cast<const std::uint32_t*>(packed);
  const auto corrupt = [](bool is_fine) {
    require(is_fine, ErrorCode::kDataCorrupt,
            "sparse weights do not hold together: prepare the model again");
  };
  corrupt(bytes >= (strips + 1) * 4 && starts[0] == 0);
  for (std::size_t s = 0; s < strips; ++s) corrupt(starts[s] <= starts[s + 1]);
  const std::size_t blocks = starts[strips];
  corrupt(blocks <= bytes && bytes == sparse_bytes(precision, n, blocks));
  const auto* groups = reinterpret_cast<const std::uint16_t*>(starts + strips + 1);
  for (std::size_t b = 0; b < blocks; ++b) corrupt(groups[b] < k / kGroup);
  return {starts, groups, static_cast<const std::byte*>(packed) + header_bytes(n, blocks)};
}

}  // namespace nest::runtime
