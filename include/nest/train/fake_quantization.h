#pragma once

#include <set>
#include <string>

#include "nest/compress/activation_statistics.h"
#include "nest/compress/fine_tune_options.h"
#include "nest/graph/model.h"
#include "nest/nn/product_hook.h"
#include "nest/train/optimizer.h"

namespace nest::train {

/// Products in floats that come out as the runtime's in codes: given the same input, codes, integer
/// sums and what is made of them are the same bit for bit (tests/train/qat_law_test.cc). Gradients
/// go straight through the rounding.
///
/// Fixed scales of activations are those of the model's quantization at first. Learned ones move
/// with the weights, in their logarithm, so that a step is a share of any scale; observed ones
/// follow the values of each step.
/// State: not thread-safe.
class FakeQuantization : public nn::ProductHook {
 public:
  /// Batch norms must be folded (graph::fold_batch_norm()) as the runtime will.
  /// Errors: InvalidArgument for a model without layers in fewer bits.
  FakeQuantization(const graph::Model& model, compress::ActivationScales scales);

  nn::Product linear(const graph::Node& node, const std::string& product,
                     const torch::Tensor& weight) override;
  nn::Product convolution(const graph::Node& node, const torch::Tensor& weight,
                          const Convolve& convolve) override;
  torch::Tensor table(const graph::Node& node, const torch::Tensor& weight) override;

  void zero_grad() { optimizer_.zero_grad(); }
  /// Moves the scales after a step of the weights. Errors: DataCorrupt naming a product that NaN or
  /// infinities went into.
  void step(double learning_rate);
  /// The model's, with the scales as they are now.
  graph::Quantization quantization() const;

 private:
  /// Of a product, []; undefined: by row.
  torch::Tensor scale_of(const std::string& product) const;
  void observe(const std::string& product, const torch::Tensor& x);
  nn::Product product_of(const std::string& product, const torch::Tensor& weight,
                         const graph::LayerQuantization& how);

  graph::Quantization quantization_;
  std::set<std::string, std::less<>> linear_convolutions_;
  compress::ActivationScales kind_;
  compress::ActivationStatistics statistics_;
  nn::ParameterStore logarithms_;  ///< of what scales are multiplied by, by product
  Optimizer optimizer_;
};

/// True if any layer of the model is in codes or 16-bit floats.
bool is_quantized(const graph::Model& model);

}  // namespace nest::train
