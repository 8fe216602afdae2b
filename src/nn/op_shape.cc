#include <limits>

#include <torch/torch.h>

#include "op_context.h"
#include "traceable.h"

namespace nest::nn {
namespace {

constexpr std::int64_t kToTheEnd = std::numeric_limits<std::int64_t>::max();

std::int64_t wrapped(std::int64_t axis, const torch::Tensor& x) {
  return axis < 0 ? axis + x.dim() : axis;
}

}  // namespace

Tensors evaluate(const graph::CountFrames& op, const OpContext& node) {
  return {node.in(0) + length_of(node.in(1), wrapped(op.axis, node.in(1)))};
}

Tensors evaluate(const graph::Concat& op, const OpContext& node) {
  const std::int64_t axis = wrapped(op.axis, node.in(0));
  return {torch::cat(node.inputs, axis)};
}

Tensors evaluate(const graph::Permute& op, const OpContext& node) {
  const std::vector<std::int64_t> order(op.order.begin(), op.order.end());
  return {node.in(0).permute(order)};
}

Tensors evaluate(const graph::Unsqueeze& op, const OpContext& node) {
  return {node.in(0).unsqueeze(op.axis)};
}

Tensors evaluate(const graph::Squeeze& op, const OpContext& node) {
  return {node.in(0).squeeze(op.axis)};
}

Tensors evaluate(const graph::Slice& op, const OpContext& node) {
  const torch::Tensor& x = node.in(0);
  const std::int64_t axis = wrapped(op.axis, x);
  return {x.slice(axis, op.begin, op.end == 0 ? kToTheEnd : op.end)};
}

}  // namespace nest::nn
