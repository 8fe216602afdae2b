#pragma once

#include <torch/types.h>

#include "nest/graph/quantization.h"

/// The products of graph/codes.h on LibTorch, with gradients: codes are floats of whole numbers, so
/// sums are those of the runtime's integers bit for bit, and so is what comes of them.
namespace nest::train {

/// Codes of a weight [N, K]. Gradients go straight through to the weight; scales are constants.
struct RoundedWeight {
  torch::Tensor codes;
  torch::Tensor scales;  ///< [N]
};
/// Errors: those of graph::weight_codes().
RoundedWeight round_weight(const torch::Tensor& weight, const graph::LayerQuantization& how);

/// What a weight [N, K] stands for: codes times scales, or 16-bit floats. Straight through.
torch::Tensor rounded_values(const torch::Tensor& weight, const graph::LayerQuantization& how);
/// The nearest bfloat16 of every value. Straight through.
torch::Tensor rounded_to_bf16(const torch::Tensor& x);

/// Codes of activations. Gradients go straight through where a code does not saturate.
struct RoundedActivations {
  torch::Tensor codes;
  torch::Tensor scale;  ///< [] or, by row, [..., 1]
};
/// Every row (last axis) with the scale of its largest magnitude, a constant.
RoundedActivations round_rows(const torch::Tensor& x);
/// With a fixed scale [], which gets the gradient of LSQ (Esser et al. 2020): of x / s - its code
/// inside, of the code where it saturates.
RoundedActivations round_with(const torch::Tensor& x, const torch::Tensor& scale);

/// x [..., K] by w [N, K]: sums of products of codes, exact.
torch::Tensor integer_sums(const torch::Tensor& x, const torch::Tensor& w);
/// The type in which sums of `terms` products of codes are exact.
torch::ScalarType type_of_sums(std::int64_t terms);

torch::Tensor multiply(const RoundedActivations& x, const RoundedWeight& w);

}  // namespace nest::train
