#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "nest/graph/model.h"

/// Weights in files: rows of codes with their scales, nothing padded. The same in every model file,
/// so that a weight has the same bytes whatever runs it.
namespace nest::graph {

/// Bytes of one row of weights: int8 a float32 scale and codes; int4 the three bytes of its scale
/// that are not zero, the multipliers of its blocks of 16 and the codes, both of 4 bits (codes as
/// two's complement), two a byte, the first in the low half; else 2 or 4 bytes a weight.
std::int64_t row_bytes(Precision precision, std::int64_t columns);

/// Writes rows * row_bytes() bytes: the codes and scales of weight_codes(), or rounded floats.
void write_rows(std::span<const float> weights, std::int64_t rows, std::int64_t columns,
                const LayerQuantization& how, std::byte* out);

/// What one row stands for.
void read_row(const std::byte* row, std::int64_t columns, Precision precision, float* out) noexcept;
/// The same of all rows. Rows written of these floats stand for the same numbers.
std::vector<float> read_rows(const std::byte* stored, std::int64_t rows, std::int64_t columns,
                             Precision precision);

/// The weights of a model that files hold as codes or in 16 bits, by name: matrices and filters of
/// layers that are not fp32, if all nodes that use a weight agree. Others stay as they are.
std::map<std::string, LayerQuantization> narrow_weights(const Model& model);
/// Positional tables by weight name, as initialize_weights() fills them: a file need not hold them.
TensorMap positional_tables(const Model& model);

}  // namespace nest::graph
