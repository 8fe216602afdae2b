#include "attention_mask.h"
#include "lowering.h"

/// Additive attention and its location features.
namespace nest::exports {

Names lower(const Lowering& at, const graph::AdditiveAttention& /*op*/) {
  OnnxBuilder& onnx = at.onnx;
  std::string energy =
      onnx.add("Add", {onnx.unsqueeze(at.input(0), {2}), onnx.unsqueeze(at.input(1), {1})});
  if (!at.input(3).empty()) energy = onnx.add("Add", {energy, at.input(3)});
  energy = onnx.add("MatMul", {onnx.add("Tanh", {energy}), at.transposed_weight_edge(0)});
  const std::string scores = onnx.squeeze(energy, {3});
  const std::string weights = masked_softmax(onnx, scores, at.input(4), !at.input(4).empty());
  return {onnx.add("MatMul", {weights, at.input(2)}), weights};
}

/// A convolution over [B, 1, Q, K] with a kernel of one query.
Names lower(const Lowering& at, const graph::LocationFeatures& op) {
  OnnxBuilder& onnx = at.onnx;
  const std::int64_t padding = (op.kernel - 1) / 2;
  const std::string y =
      onnx.add("Conv",
               {onnx.unsqueeze(at.x(), {1}),
                at.reshaped_weight_edge(0, {op.filters, 1, 1, op.kernel}), at.weight_edge(1)},
               {attribute("kernel_shape", std::vector<std::int64_t>{1, op.kernel}),
                attribute("pads", std::vector<std::int64_t>{0, padding, 0, padding})});
  return {onnx.transpose(y, {0, 2, 3, 1})};
}

}  // namespace nest::exports
