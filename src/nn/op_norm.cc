#include <torch/torch.h>

#include "op_context.h"

namespace nest::nn {
namespace {

std::vector<std::int64_t> channel_shape(const torch::Tensor& x) {
  std::vector<std::int64_t> shape(static_cast<std::size_t>(x.dim()), 1);
  shape[1] = x.size(1);
  return shape;
}

void update_running(torch::Tensor running, const torch::Tensor& value, double momentum) {
  const torch::NoGradGuard no_grad;
  running.mul_(1 - momentum).add_(value.detach(), momentum);
}

/// Batch statistics over the valid positions of all processes.
torch::Tensor normalize_with_batch(const graph::BatchNorm& op, const OpContext& node,
                                   const torch::Tensor& x) {
  const Pass& pass = node.pass;
  std::vector<std::int64_t> axes;
  for (std::int64_t axis = 0; axis < x.dim(); ++axis) {
    if (axis != 1) axes.push_back(axis);
  }
  torch::Tensor mask;
  torch::Tensor count = torch::full({1}, x.numel() / x.size(1), x.options());
  if (pass.ragged.applies_to(node.in_value(0))) {
    mask = pass.ragged.valid_like(node.in_value(0), x).to(x.scalar_type());
    count = mask.expand_as(x.select(1, 0).unsqueeze(1)).sum().reshape({1});
  }
  const torch::Tensor kept = mask.defined() ? x * mask : x;
  torch::Tensor sums = torch::cat({kept.sum(axes), count});
  if (pass.all_reduce != nullptr) sums = (*pass.all_reduce)(sums);
  count = sums.slice(0, x.size(1)).detach();
  const torch::Tensor mean = sums.slice(0, 0, x.size(1)) / count;
  const torch::Tensor centred = x - mean.reshape(channel_shape(x));
  const torch::Tensor kept_centred = mask.defined() ? centred * mask : centred;
  torch::Tensor squares = (kept_centred * kept_centred).sum(axes);
  if (pass.all_reduce != nullptr) squares = (*pass.all_reduce)(squares);
  const torch::Tensor variance = squares / count;
  update_running(node.weight(2), mean, op.momentum);
  update_running(node.weight(3), squares / (count - 1).clamp_min(1), op.momentum);
  const torch::Tensor scale = node.weight(0) * torch::rsqrt(variance + op.eps);
  return centred * scale.reshape(channel_shape(x)) + node.weight(1).reshape(channel_shape(x));
}

}  // namespace

Tensors evaluate(const graph::BatchNorm& op, const OpContext& node) {
  const Pass& pass = node.pass;
  const torch::Tensor x = pass.to_full(node.in(0));
  if (pass.is_training) {
    const torch::NoGradGuard no_grad;
    torch::Tensor batches = node.weight(4);
    batches += 1;
  }
  const bool is_plain = pass.all_reduce == nullptr && !pass.ragged.applies_to(node.in_value(0));
  if (pass.is_training && !is_plain) return {normalize_with_batch(op, node, x)};
  return {torch::batch_norm(x, node.weight(0), node.weight(1), node.weight(2), node.weight(3),
                            pass.is_training, op.momentum, op.eps, true)};
}

Tensors evaluate(const graph::LayerNorm& op, const OpContext& node) {
  return {torch::layer_norm(node.pass.to_full(node.in(0)), {op.features}, node.weight(0),
                            node.weight(1), op.eps)};
}

Tensors evaluate(const graph::LogSoftmax&, const OpContext& node) {
  return {torch::log_softmax(node.pass.to_full(node.in(0)), -1)};
}

Tensors evaluate(const graph::Softmax&, const OpContext& node) {
  return {torch::softmax(node.pass.to_full(node.in(0)), -1)};
}

}  // namespace nest::nn
