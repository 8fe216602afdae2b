#include "nest/graph/old_code_rows.h"

#include <algorithm>
#include <cstring>

#include "nest/core/dtype.h"
#include "nest/core/log.h"

namespace nest::graph {
namespace {

constexpr std::int64_t kScaleBytes = 2;

std::int64_t block_bytes(std::int64_t count) {
  return kScaleBytes + (count + 1) / 2;
}

const std::byte* read_block(const std::byte* block, std::int64_t count, float* out) {
  Half scale;
  std::memcpy(&scale.bits, block, kScaleBytes);
  for (std::int64_t i = 0; i < count; ++i) {
    const auto byte = static_cast<int>(block[kScaleBytes + i / 2]);
    out[i] = to_float(scale) * static_cast<float>((i % 2 == 0 ? byte & 15 : byte >> 4) - 8);
  }
  return block + block_bytes(count);
}

bool has_int4(const Quantization& quantization) {
  return quantization.precision == Precision::kInt4 ||
         std::any_of(quantization.layers.begin(), quantization.layers.end(),
                     [](const auto& item) { return item.second.precision == Precision::kInt4; });
}

}  // namespace

std::int64_t old_int4_row_bytes(std::int64_t columns) {
  const std::int64_t rest = columns % kOldInt4Block;
  return columns / kOldInt4Block * block_bytes(kOldInt4Block) + (rest == 0 ? 0 : block_bytes(rest));
}

std::vector<float> read_old_int4_rows(const std::byte* stored, std::int64_t rows,
                                      std::int64_t columns) {
  std::vector<float> weights(static_cast<std::size_t>(rows * columns));
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t begin = 0; begin < columns; begin += kOldInt4Block)
      stored = read_block(stored, std::min<std::int64_t>(kOldInt4Block, columns - begin),
                          weights.data() + r * columns + begin);
  return weights;
}

bool make_int8_of_int4(Quantization& quantization) {
  if (!has_int4(quantization)) return false;
  for (auto& [name, layer] : quantization.layers) {
    if (layer.precision == Precision::kInt4) layer = {Precision::kInt8, Granularity::kPerChannel};
  }
  if (quantization.precision == Precision::kInt4) {
    quantization.precision = Precision::kInt8;
    quantization.granularity = Granularity::kPerChannel;
  }
  log_warn(
      "int4 weights in blocks of 32, as earlier versions wrote them, are read as int8; for int4 "
      "quantize the float model again");
  return true;
}

}  // namespace nest::graph
