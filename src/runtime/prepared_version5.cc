#include "runtime/prepared_version5.h"

#include <cstring>

#include "nest/core/dtype.h"
#include "nest/graph/old_code_rows.h"

namespace nest::runtime {
namespace {

constexpr std::string_view kNow = "int8", kThen = "int4";

/// Panels of 64 columns; of each, for 32 k, half-precision scales [64] and codes [4][64][4]: byte
/// [j][c][i] that of k = 8j + i in its low half and that of 8j + 4 + i in its high half, plus 8.
constexpr std::int64_t kBlock = graph::kOldInt4Block;
constexpr std::int64_t kBlockBytes = kPanel * 2 + kPanel * kBlock / 2;

float value_at(const std::byte* packed, std::int64_t blocks, std::int64_t r, std::int64_t c) {
  const std::byte* block = packed + (r / kPanel * blocks + c / kBlock) * kBlockBytes;
  const std::int64_t column = r % kPanel, i = c % kBlock;
  Half scale;
  std::memcpy(&scale.bits, block + column * 2, 2);
  const auto byte = static_cast<int>(block[2 * kPanel + i / 8 * (kPanel * 4) + column * 4 + i % 4]);
  return to_float(scale) * static_cast<float>((i % 8 < 4 ? byte & 15 : byte >> 4) - 8);
}

}  // namespace

bool is_old_int4(std::string_view key) {
  return key.ends_with(kThen);
}

LazyFloats old_matrix_or(const WeightStore& store, std::string_view key, std::int64_t n,
                         std::int64_t k, const LazyFloats& weight) {
  const std::string old = std::string(key) + ":" + std::string(kThen);
  if (!store.has_old(old)) return weight;
  const std::int64_t panels = (n + kPanel - 1) / kPanel, blocks = (k + kBlock - 1) / kBlock;
  const std::byte* packed =
      store.old_block(old, static_cast<std::size_t>(panels * blocks * kBlockBytes));
  return [=] {
    std::vector<float> made(static_cast<std::size_t>(n * k));
    for (std::int64_t r = 0; r < n; ++r)
      for (std::int64_t c = 0; c < k; ++c)
        made[static_cast<std::size_t>(r * k + c)] = value_at(packed, blocks, r, c);
    return made;
  };
}

std::string old_rows_key(std::string_view key) {
  std::string old(key);
  if (old.ends_with(kNow)) old.replace(old.size() - kNow.size(), kNow.size(), kThen);
  return old;
}

LazyFloats old_rows_or(const WeightStore& store, std::string_view key, std::int64_t rows,
                       std::int64_t columns, const LazyFloats& weight) {
  const std::string old = old_rows_key(key);
  if (!store.has_old(old)) return weight;
  const std::byte* stored =
      store.old_block(old, static_cast<std::size_t>(rows * graph::old_int4_row_bytes(columns)));
  return [=] { return graph::read_old_int4_rows(stored, rows, columns); };
}

}  // namespace nest::runtime
