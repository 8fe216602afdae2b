#include "nest/graph/code_rows.h"

#include <algorithm>
#include <cstring>

#include "nest/core/dtype.h"
#include "nest/graph/codes.h"

namespace nest::graph {
namespace {

constexpr std::int64_t kHalfBytes = 2, kFloatBytes = 4;
/// Of an int4 row's scale, whose last byte is zero (int4_row()).
constexpr std::int64_t kShortBytes = 3;

/// Two numbers of 4 bits a byte, the first in the low half.
std::int64_t nibble_bytes(std::int64_t count) {
  return (count + 1) / 2;
}
void put_nibble(std::byte* bytes, std::int64_t i, int value) {
  bytes[i / 2] |= static_cast<std::byte>(i % 2 == 0 ? value : value << 4);
}
int nibble_at(const std::byte* bytes, std::int64_t i) noexcept {
  const auto byte = static_cast<int>(bytes[i / 2]);
  return i % 2 == 0 ? byte & 15 : byte >> 4;
}

std::byte* write_int8(const WeightCodes& made, std::int64_t row, std::int64_t columns,
                      std::byte* out) {
  std::memcpy(out, &made.scales[static_cast<std::size_t>(row)], kFloatBytes);
  std::memcpy(out + kFloatBytes, made.codes.data() + row * columns,
              static_cast<std::size_t>(columns));
  return out + kFloatBytes + columns;
}

std::byte* write_int4(const WeightCodes& made, std::int64_t row, std::int64_t columns,
                      std::byte* out) {
  const std::int64_t blocks = int4_blocks(columns);
  const std::uint8_t* multipliers = made.multipliers.data() + row * blocks;
  const std::int8_t* codes = made.codes.data() + row * columns;
  std::memset(out, 0, static_cast<std::size_t>(row_bytes(Precision::kInt4, columns)));
  const auto* scale =
      reinterpret_cast<const std::byte*>(&made.scales[static_cast<std::size_t>(row)]);
  std::memcpy(out, scale + kFloatBytes - kShortBytes, kShortBytes);
  out += kShortBytes;
  for (std::int64_t b = 0; b < blocks; ++b) put_nibble(out, b, multipliers[b]);
  out += nibble_bytes(blocks);
  for (std::int64_t i = 0; i < columns; ++i) {
    const int multiplier = multipliers[i / kInt4Block];
    put_nibble(out, i, (multiplier == 0 ? 0 : codes[i] / multiplier) & 15);
  }
  return out + nibble_bytes(columns);
}

float half_at(const std::byte* at, Precision precision) noexcept {
  std::uint16_t bits = 0;
  std::memcpy(&bits, at, kHalfBytes);
  return precision == Precision::kBf16 ? to_float(BFloat16{bits}) : to_float(Half{bits});
}

void read_int8(const std::byte* row, std::int64_t columns, float* out) noexcept {
  float scale = 0;
  std::memcpy(&scale, row, kFloatBytes);
  for (std::int64_t i = 0; i < columns; ++i)
    out[i] = scale * static_cast<float>(static_cast<std::int8_t>(row[kFloatBytes + i]));
}

void read_int4(const std::byte* row, std::int64_t columns, float* out) noexcept {
  float scale = 0;
  std::memcpy(reinterpret_cast<std::byte*>(&scale) + kFloatBytes - kShortBytes, row, kShortBytes);
  const std::byte* multipliers = row + kShortBytes;
  const std::byte* codes = multipliers + nibble_bytes(int4_blocks(columns));
  for (std::int64_t i = 0; i < columns; ++i) {
    const int code = (nibble_at(codes, i) ^ 8) - 8;
    out[i] = scale * static_cast<float>(code * nibble_at(multipliers, i / kInt4Block));
  }
}

/// A scale that all rows share is that of one whole matrix alone.
bool has_own_scales(const WeightRef& weight, const LayerQuantization& how) {
  return how.granularity != Granularity::kPerTensor || weight.row_end == 0;
}

}  // namespace

std::int64_t row_bytes(Precision precision, std::int64_t columns) {
  switch (precision) {
    case Precision::kInt8:
      return kFloatBytes + columns;
    case Precision::kInt4:
      return kShortBytes + nibble_bytes(int4_blocks(columns)) + nibble_bytes(columns);
    case Precision::kFp16:
    case Precision::kBf16:
      return kHalfBytes * columns;
    default:
      return kFloatBytes * columns;
  }
}

void write_rows(std::span<const float> weights, std::int64_t rows, std::int64_t columns,
                const LayerQuantization& how, std::byte* out) {
  if (is_integer(how.precision)) {
    const WeightCodes made = weight_codes(weights, rows, columns, how);
    for (std::int64_t r = 0; r < rows; ++r)
      out = how.precision == Precision::kInt8 ? write_int8(made, r, columns, out)
                                              : write_int4(made, r, columns, out);
    return;
  }
  if (how.precision == Precision::kFp32) {
    std::memcpy(out, weights.data(), weights.size_bytes());
    return;
  }
  for (const float value : weights) {
    const std::uint16_t bits =
        how.precision == Precision::kFp16 ? to_half(value).bits : to_bfloat16(value).bits;
    std::memcpy(out, &bits, kHalfBytes);
    out += kHalfBytes;
  }
}

void read_row(const std::byte* row, std::int64_t columns, Precision precision,
              float* out) noexcept {
  switch (precision) {
    case Precision::kInt8:
      return read_int8(row, columns, out);
    case Precision::kInt4:
      return read_int4(row, columns, out);
    case Precision::kFp16:
    case Precision::kBf16:
      for (std::int64_t i = 0; i < columns; ++i) out[i] = half_at(row + kHalfBytes * i, precision);
      return;
    default:
      std::memcpy(out, row, static_cast<std::size_t>(columns) * sizeof(float));
  }
}

std::vector<float> read_rows(const std::byte* stored, std::int64_t rows, std::int64_t columns,
                             Precision precision) {
  std::vector<float> weights(static_cast<std::size_t>(rows * columns));
  for (std::int64_t r = 0; r < rows; ++r)
    read_row(stored + r * row_bytes(precision, columns), columns, precision,
             weights.data() + r * columns);
  return weights;
}

std::map<std::string, LayerQuantization> narrow_weights(const Model& model) {
  std::map<std::string, LayerQuantization> by_name;
  for (const auto& [name, graph] : model.graphs) {
    for (const Node& node : graph.nodes) {
      const std::vector<Shape> shapes = weight_shapes(node.op);
      const LayerQuantization layer = layer_of(model.quantization, node.name);
      for (std::size_t i = 0; i < shapes.size(); ++i) {
        const WeightRef& weight = node.weights.at(i);
        const bool is_narrow =
            has_precision(node) && shapes[i].size() > 1 && has_own_scales(weight, layer);
        const LayerQuantization how = is_narrow ? layer : LayerQuantization{};
        const auto [found, is_new] = by_name.emplace(weight.name, how);
        if (!is_new && found->second != how) found->second = {};
      }
    }
  }
  std::erase_if(by_name,
                [](const auto& item) { return item.second.precision == Precision::kFp32; });
  return by_name;
}

}  // namespace nest::graph
