#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtime/kernels/kernels.h"
#include "runtime/pack.h"

namespace nest::runtime {

/// Which blocks of a weight [n, k] are not all zero; block-sparse weights are those of pruned
/// models. See SparseWeights for what a block is.
struct BlockPattern {
  std::vector<std::uint32_t> starts;  ///< by strip, and one behind the last
  std::vector<std::uint16_t> groups;  ///< by block

  /// Blocks that are there over all blocks; 1 for an empty matrix.
  double density(std::int64_t k) const;
};
/// Row-major weight [n, k]. k % 4 is 0 and k / 4 fits 16 bits, see can_be_sparse().
BlockPattern find_blocks(const float* weight, std::int64_t n, std::int64_t k);

/// True if the precision and the length of a row have a sparse kernel.
bool can_be_sparse(Precision precision, std::int64_t k);

/// Packed form: starts, groups, then the blocks at a multiple of 64 bytes. fp32 or int8.
std::size_t sparse_bytes(Precision precision, std::int64_t n, std::size_t blocks);
/// Fills `out`, sparse_bytes() long; int8 codes are weight / scale[row], rounded.
void pack_sparse(Precision precision, const BlockPattern& pattern, const float* weight,
                 std::int64_t n, std::int64_t k, const float* scale, void* out);
/// The packed form as the kernels take it. Errors: DataCorrupt if `bytes` bytes do not hold it.
SparseWeights sparse_view(Precision precision, std::int64_t n, std::int64_t k, const void* packed,
                          std::size_t bytes);

}  // namespace nest::runtime
