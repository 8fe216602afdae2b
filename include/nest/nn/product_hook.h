#pragma once

#include <functional>
#include <string>

#include <torch/types.h>

#include "nest/graph/graph.h"

namespace nest::nn {

/// A matrix product with its weight: x [..., in] -> [..., out], without bias.
using Product = std::function<torch::Tensor(const torch::Tensor& x)>;

/// Stands in for the products of every pass that a quantization has a say in
/// (graph::product_names()), differentiably: training that rounds as codes do. Recurrent layers
/// then run frame by frame, for what goes into their recurrent product is not known before. What
/// lies behind an item's end goes in as zeros. A product that is null runs as usual.
class ProductHook {
 public:
  /// A convolution without bias over an input and a weight of any values.
  using Convolve =
      std::function<torch::Tensor(const torch::Tensor& x, const torch::Tensor& weight)>;

  virtual ~ProductHook() = default;

  /// Of Linear and recurrent nodes; weight [out, in]. Called once a pass for each.
  virtual Product linear(const graph::Node& node, const std::string& product,
                         const torch::Tensor& weight) = 0;
  /// x as the node has it -> [B, out_channels, ...].
  virtual Product convolution(const graph::Node& node, const torch::Tensor& weight,
                              const Convolve& convolve) = 0;
  /// The rows that an embedding gives for its weight.
  virtual torch::Tensor table(const graph::Node& node, const torch::Tensor& weight) = 0;
};

}  // namespace nest::nn
