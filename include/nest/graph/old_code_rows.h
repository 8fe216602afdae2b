#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "nest/graph/quantization.h"

/// int4 weights of files that were written before code_rows.h said what it says now: blocks of 32
/// with a half-precision scale each and codes of -8 ... 7, which no product takes any more. Their
/// layers are read as int8, whose rounding is a twentieth of theirs.
namespace nest::graph {

inline constexpr int kCodeRows = 2;       ///< what files say of rows as code_rows.h has them
inline constexpr int kOldInt4Block = 32;  ///< weights with one scale

std::int64_t old_int4_row_bytes(std::int64_t columns);
/// What rows stand for: for every block a half-precision scale and codes + 8, two a byte.
std::vector<float> read_old_int4_rows(const std::byte* stored, std::int64_t rows,
                                      std::int64_t columns);

/// Makes int8 by row of every int4 layer and says so in the log; false if there is none.
bool make_int8_of_int4(Quantization& quantization);

}  // namespace nest::graph
