#pragma once

#include <cstdint>

namespace nest::graph {

/// Blocks of zeros that executors may leave out of a weight [outputs, inputs]: so many outputs in a
/// row by so many inputs, counted from the first.
inline constexpr std::int64_t kSparseBlockRows = 16;
inline constexpr std::int64_t kSparseBlockColumns = 4;

}  // namespace nest::graph
