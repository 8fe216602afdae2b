#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "nest/graph/op.h"
#include "nest/graph/quantization.h"

/// The arithmetic of integer products: which codes stand for which floats. The runtime packs
/// weights with it, its kernels do the same on activations (tests/runtime/codes_test.cc), and
/// training rounds with it, so that codes and integer sums are equal bit for bit.
///
///   y = (sum over k of a_k * w_k) * (activation scale * weight scale)
///
/// a: codes of activations, w: of weights, both of 8 bits, a scale a row; sums are 32-bit integers,
/// everything else float32 without fused steps. Rounding is to nearest, ties to even; what lies
/// outside saturates. The codes of an int4 row are those of 8 bits that 4 say: in a block of 16
/// they are one whole multiplier of 0 ... 15 times -8 ... 7.
namespace nest::graph {

inline constexpr int kLargestCode = 127;  ///< of activations and int8 weights, both signs
inline constexpr int kInt4Block = 16;     ///< weights of a row with one multiplier
inline constexpr int kLargestMultiplier = 15;
inline constexpr float kLeastLargest =
    1e-36f;  ///< rows below are zero: a reciprocal would overflow

/// True if a quantization has a say in the weights of a node.
bool has_precision(const Node& node);

/// What a convolution is computed in: bytes by row (for int4 too) if its layer is in codes, its
/// activations have a fixed scale and a group at least four input channels, which fill a quad of
/// bytes; else fp32. Those that are made Linear, frame by frame, have their layer's.
LayerQuantization conv_quantization(const Conv& op, const LayerQuantization& layer,
                                    float activation_scale);

/// The largest magnitude of n floats.
float max_abs(const float* values, std::int64_t n);

/// weight / scale in [-127, 127]; 0 for scale 0.
std::int8_t weight_code(float weight, float scale);

/// What a row of activations is multiplied by to become codes, and what a code stands for.
struct ActivationRounding {
  float inverse = 0;
  float scale = 0;  ///< 0: the row is zeros
};
/// A row of its own scale: its largest magnitude becomes code 127.
ActivationRounding rounding_of_row(float largest);
/// A fixed scale, from calibration or training.
ActivationRounding rounding_of_scale(float scale);
/// x * inverse in [-127, 127].
std::int8_t activation_code(float x, const ActivationRounding& rounding);

/// Blocks of a row of int4 weights; the last may be short.
std::int64_t int4_blocks(std::int64_t columns);

/// A row of int4 weights: its scale, which has 16 significant bits so that products with codes are
/// exact, and its multipliers. Of a few scales the one of least squared error with the multipliers
/// that are best for it; a row that 4 bits say exactly keeps its numbers, and one that they say but
/// for a factor of the whole row keeps its codes.
/// @param multipliers  int4_blocks() of them.
float int4_row(const float* weights, std::int64_t columns, std::int8_t* codes,
               std::uint8_t* multipliers);

/// Codes of a matrix [rows, columns] row by row, with scales by row.
struct WeightCodes {
  std::vector<std::int8_t> codes;
  std::vector<float> scales;
  std::vector<std::uint8_t> multipliers = {};  ///< int4: [rows, int4_blocks()]
};
/// Errors: Internal for a precision without codes.
WeightCodes weight_codes(std::span<const float> weights, std::int64_t rows, std::int64_t columns,
                         const LayerQuantization& how);
/// What the products of a layer take its weights for: codes times scales; floats rounded to 16
/// bits; floats.
std::vector<float> rounded_weights(std::span<const float> weights, std::int64_t rows,
                                   std::int64_t columns, const LayerQuantization& how);

}  // namespace nest::graph
