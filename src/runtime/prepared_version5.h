#pragma once

#include <cstdint>
#include <string_view>

#include "runtime/weights.h"

/// int4 weights of prepared files of versions 2 to 5 (graph/old_code_rows.h): an int8 layer finds
/// them beside its own key, where that has no block yet.
namespace nest::runtime {

/// A block that these files hold and the present version does not.
bool is_old_int4(std::string_view key);

/// The floats of the old matrix of `key` ("node/role") in panels, if there is one, or `weight`.
LazyFloats old_matrix_or(const WeightStore& store, std::string_view key, std::int64_t n,
                         std::int64_t k, const LazyFloats& weight);
/// The same of rows, of the key that the present block of rows has or would have.
LazyFloats old_rows_or(const WeightStore& store, std::string_view key, std::int64_t rows,
                       std::int64_t columns, const LazyFloats& weight);
/// Where old_rows_or() finds its block.
std::string old_rows_key(std::string_view key);

}  // namespace nest::runtime
