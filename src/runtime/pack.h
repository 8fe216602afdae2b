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
  std::vector<float> scale;       ///< by column, padded to whole panels (int8)
  std::vector<std::int32_t> sum;  ///< 128 * column sum, padded (int8)
};

/// Packs a row-major weight [n, k] (as torch.nn.Linear stores it) into `out`, packed_bytes() long.
///
/// int8: one symmetric scale a row or a tensor, max|w| / 127; int4: one half-precision scale for 32
/// weights of a row, chosen among a few candidates by least squared error.
PackedScales pack_matrix(Precision precision, const float* weight, std::int64_t n, std::int64_t k,
                         void* out, Granularity granularity = Granularity::kPerChannel);

/// Scales and sums of an int8 weight [n, k] without its codes.
PackedScales int8_scales(const float* weight, std::int64_t n, std::int64_t k,
                         Granularity granularity = Granularity::kPerChannel);
/// The largest magnitude of n floats.
float max_abs(const float* values, std::int64_t n);
/// weight / scale, rounded to even, in [-127, 127]; 0 for scale 0.
std::int8_t int8_code(float weight, float scale);

/// The float matrix [n, k] a packed one stands for (for tests and reports).
std::vector<float> unpack_matrix(Precision precision, const void* packed,
                                 const PackedScales& scales, std::int64_t n, std::int64_t k);

}  // namespace nest::runtime
