#include <torch/torch.h>

#include "input_limits.h"
#include "nest/core/error.h"
#include "op_context.h"
#include "traceable.h"

namespace nest::nn {

Tensors evaluate(const graph::Activate& op, const OpContext& node) {
  const torch::Tensor& x = node.in(0);
  switch (op.function) {
    case graph::Activation::kElu:
      return {torch::elu(x)};
    case graph::Activation::kRelu:
      return {torch::relu(x)};
    case graph::Activation::kGelu:
      return {torch::gelu(x)};
    case graph::Activation::kSilu:
      return {torch::silu(x)};
    case graph::Activation::kTanh:
      return {torch::tanh(x)};
    case graph::Activation::kSigmoid:
      return {torch::sigmoid(x)};
    case graph::Activation::kSquare:
      return {x * x};
    case graph::Activation::kLog:
      return {torch::log(node.pass.to_full(x).clamp_min(1e-6))};
  }
  fail(ErrorCode::kInternal, "unknown activation {}", static_cast<int>(op.function));
}

Tensors evaluate(const graph::Glu& op, const OpContext& node) {
  return {torch::glu(node.in(0), op.axis)};
}

Tensors evaluate(const graph::Dropout& op, const OpContext& node) {
  if (!node.pass.is_training || op.p == 0) return {node.in(0)};
  return {torch::dropout(node.in(0), op.p, true)};
}

Tensors evaluate(const graph::Linear& op, const OpContext& node) {
  const Pass& pass = node.pass;
  const Product product =
      pass.product_hook == nullptr
          ? nullptr
          : pass.product_hook->linear(node.node, node.node.name, node.weight(0));
  if (product) {
    const torch::Tensor y = product(node.clean(0));
    return {op.has_bias ? y + node.weight(1) : y};
  }
  return {pass.from_compute(
      torch::linear(pass.to_compute(node.in(0)), node.compute_weight(0), node.compute_weight(1)))};
}

Tensors evaluate(const graph::Embedding& op, const OpContext& node) {
  const torch::Tensor& tokens = node.in(0);
  if (!is_input(node.pass.graph, node.node.inputs[0])) check_tokens(op, tokens);
  ProductHook* hook = node.pass.product_hook;
  const torch::Tensor table = node.weight(0);
  return {torch::embedding(hook == nullptr ? table : hook->table(node.node, table), tokens)};
}

Tensors evaluate(const graph::PositionalEncoding& op, const OpContext& node) {
  const torch::Tensor& x = node.in(0);
  const torch::Tensor offset = node.has(1) ? node.in(1) : torch::Tensor();
  if (!offset.defined() || !is_input(node.pass.graph, node.node.inputs[1]))
    check_frames(op, offset, x.size(1));
  torch::Tensor frames = indices_of(x, 1);
  if (offset.defined()) frames = frames + offset;
  return {x + node.weight(0).index_select(1, frames)};
}

Tensors evaluate(const graph::Add&, const OpContext& node) {
  return {node.in(0) + node.in(1)};
}

Tensors evaluate(const graph::Mul&, const OpContext& node) {
  return {node.in(0) * node.in(1)};
}

Tensors evaluate(const graph::Scale& op, const OpContext& node) {
  return {node.in(0) * op.factor};
}

}  // namespace nest::nn
