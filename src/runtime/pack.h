#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "nest/graph/quantization.h"

namespace nest::runtime {

using graph::Granularity;
using graph::Precision;

/// Bytes of a matrix [n, k] in the packed layout of kernels.h.
std::size_t packed_bytes(Precision precision, std::int64_t n, std::int64_t k);

/// What a packed integer matrix carries besides its bytes (empty for the other precisions).
struct PackedScales {
  std::vector<float> scale;       ///< by column, padded to whole panels
  std::vector<std::int32_t> sum;  ///< 128 * column sum of the codes of 8 bits, padded
};

/// Packs a row-major weight [n, k] (as torch.nn.Linear stores it) into `out`, packed_bytes() long.
///
/// Codes and scales are those of graph/codes.h.
PackedScales pack_matrix(Precision precision, const float* weight, std::int64_t n, std::int64_t k,
                         void* out, Granularity granularity = Granularity::kPerChannel);

/// Scales and sums of an int8 weight [n, k] without its codes.
PackedScales int8_scales(const float* weight, std::int64_t n, std::int64_t k,
                         Granularity granularity = Granularity::kPerChannel);

/// The float matrix [n, k] a packed one stands for (for tests and reports).
std::vector<float> unpack_matrix(Precision precision, const void* packed,
                                 const PackedScales& scales, std::int64_t n, std::int64_t k);

}  // namespace nest::runtime
