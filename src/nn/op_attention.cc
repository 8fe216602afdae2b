#include <cmath>

#include <torch/torch.h>

#include "nest/core/error.h"
#include "op_context.h"
#include "traceable.h"

namespace nest::nn {
namespace {

torch::Tensor split_heads(const torch::Tensor& x, std::int64_t heads) {
  return reshape(x, {x.size(0), x.size(1), heads, x.size(2) / heads}, {{0, x, 0}, {1, x, 1}})
      .transpose(1, 2);
}

torch::Tensor join_heads(const torch::Tensor& x) {
  return reshape(x.transpose(1, 2), {x.size(0), x.size(2), x.size(1) * x.size(3)},
                 {{0, x, 0}, {1, x, 2}});
}

/// Positions of queries and keys; see graph::Attention.
struct Positions {
  torch::Tensor query;  // [Q, 1]
  torch::Tensor key;    // [1, K]
};
Positions positions_of(const OpContext& node) {
  const std::int64_t queries = node.in(0).size(1);
  const std::int64_t keys = node.in(1).size(1);
  Positions at{indices_of(node.in(0), 1).unsqueeze(1), indices_of(node.in(1), 1).unsqueeze(0)};
  if (!node.has(5)) return at;
  require(keys >= queries, ErrorCode::kInvalidArgument, "{} keys end with those of {} queries",
          keys, queries);
  return {at.query + node.in(5), at.key + (node.in(5) - (keys - queries))};
}

/// Which keys a position may look at by the op's own limits; undefined if all.
torch::Tensor allowed_by_position(const graph::Attention& op, const OpContext& node) {
  const bool has_limit = op.chunk > 0 || op.left >= 0 || op.right >= 0;
  if (!has_limit && !node.has(5)) return {};
  const auto [query, key] = positions_of(node);
  torch::Tensor allowed = (key >= 0).logical_and(query >= 0);
  if (op.chunk > 0) {
    const torch::Tensor behind = query.div(op.chunk, "floor") - key.div(op.chunk, "floor");
    allowed = allowed.logical_and(behind >= 0);
    if (op.left_chunks >= 0) allowed = allowed.logical_and(behind <= op.left_chunks);
    return allowed;
  }
  if (op.left >= 0) allowed = allowed.logical_and(key >= query - op.left);
  if (op.right >= 0) allowed = allowed.logical_and(key <= query + op.right);
  return allowed;
}

void restrict_to(torch::Tensor& allowed, const torch::Tensor& mask) {
  allowed = allowed.defined() ? allowed.logical_and(mask) : mask;
}

/// bool, broadcastable to [B, H, Q, K]; undefined if everything is allowed. Input `keys` is the
/// node input whose time axis is K.
torch::Tensor valid_keys(const OpContext& node, std::size_t keys) {
  const graph::Value& value = node.in_value(keys);
  if (!node.pass.ragged.applies_to(value)) return {};
  return node.pass.ragged.valid(value, node.in(keys).size(1), node.in(keys).device());
}

torch::Tensor allowed_pairs(const graph::Attention& op, const OpContext& node) {
  torch::Tensor allowed = allowed_by_position(op, node);
  if (node.has(3)) restrict_to(allowed, node.in(3).unsqueeze(1));
  if (node.has(4)) restrict_to(allowed, node.in(4).logical_not().unsqueeze(1).unsqueeze(1));
  const torch::Tensor valid = valid_keys(node, 1);
  if (valid.defined()) restrict_to(allowed, valid.unsqueeze(1).unsqueeze(1));
  return allowed;
}

/// Softmax over the allowed keys; a row without any is zero.
torch::Tensor masked_softmax(const torch::Tensor& scores, const torch::Tensor& allowed) {
  if (!allowed.defined()) return torch::softmax(scores, -1);
  const torch::Tensor barred = allowed.logical_not();
  return torch::softmax(scores.masked_fill(barred, -1e30), -1).masked_fill(barred, 0);
}

torch::Tensor relative_rows(const graph::Attention& op, const OpContext& node, std::size_t weight) {
  const auto [query, key] = positions_of(node);
  const torch::Tensor index =
      (key - query).clamp(-op.max_distance, op.max_distance) + op.max_distance;
  return torch::embedding(node.compute_weight(weight), index);
}

Tensors run_softmax(const graph::Attention& op, const OpContext& node) {
  const Pass& pass = node.pass;
  const torch::Tensor q = split_heads(pass.to_compute(node.in(0)), op.num_heads);
  const torch::Tensor k = split_heads(pass.to_compute(node.in(1)), op.num_heads);
  const torch::Tensor v = split_heads(pass.to_compute(node.in(2)), op.num_heads);
  const bool is_relative = op.kind == graph::Attention::Kind::kRelative;
  torch::Tensor scores = torch::matmul(q, k.transpose(-1, -2));
  if (is_relative) {
    const torch::Tensor rows = relative_rows(op, node, 0);
    scores = scores + torch::einsum("bhqd,qkd->bhqk", {q, rows});
  }
  scores = pass.to_full(scores) / std::sqrt(static_cast<double>(op.embed_dim / op.num_heads));
  torch::Tensor weights = masked_softmax(scores, allowed_pairs(op, node));
  if (pass.is_training && op.dropout > 0) weights = torch::dropout(weights, op.dropout, true);
  const torch::Tensor rounded = pass.to_compute(weights);
  torch::Tensor context = torch::matmul(rounded, v);
  if (is_relative) {
    const torch::Tensor rows = relative_rows(op, node, 1);
    context = context + torch::einsum("bhqk,qkd->bhqd", {rounded, rows});
  }
  return {pass.from_compute(join_heads(context)), weights};
}

/// With a mask the products are formed pair by pair; without one, in linear time.
Tensors run_linear(const graph::Attention& op, const OpContext& node) {
  const Pass& pass = node.pass;
  const auto feature = [&](std::size_t i) {
    return pass.to_compute(torch::elu(pass.to_full(split_heads(node.in(i), op.num_heads))) + 1);
  };
  const torch::Tensor q = feature(0);
  torch::Tensor k = feature(1);
  const torch::Tensor v = split_heads(pass.to_compute(node.in(2)), op.num_heads);
  const bool is_pairwise =
      node.has(3) || node.has(5) || op.left >= 0 || op.right >= 0 || op.chunk > 0;
  const torch::Tensor allowed = allowed_pairs(op, node);
  torch::Tensor sums;
  torch::Tensor norms;
  if (is_pairwise) {
    const torch::Tensor pairs =
        torch::matmul(q, k.transpose(-1, -2)).masked_fill(allowed.logical_not(), 0);
    sums = torch::matmul(pairs, v);
    norms = pairs.sum(-1, true);
  } else {
    if (allowed.defined()) k = k.masked_fill(allowed.transpose(-1, -2).logical_not(), 0);
    sums = torch::matmul(q, torch::matmul(k.transpose(-1, -2), v));
    norms = torch::matmul(q, k.sum(2, true).transpose(-1, -2));
  }
  const torch::Tensor context = pass.to_full(sums) / (pass.to_full(norms) + 1e-6);
  // [B, 0, Q, K]
  const torch::Tensor none =
      torch::matmul(q.slice(1, 0, 0), k.slice(1, 0, 0).transpose(-1, -2)).to(context.options());
  return {pass.from_compute(join_heads(context)), none};
}

}  // namespace

Tensors evaluate(const graph::Attention& op, const OpContext& node) {
  return op.kind == graph::Attention::Kind::kLinear ? run_linear(op, node) : run_softmax(op, node);
}

Tensors evaluate(const graph::AdditiveAttention&, const OpContext& node) {
  const Pass& pass = node.pass;
  torch::Tensor sum = node.in(0).unsqueeze(2) + node.in(1).unsqueeze(1);
  if (node.has(3)) sum = sum + node.in(3);
  const torch::Tensor energy =
      torch::matmul(pass.to_compute(torch::tanh(sum)), node.compute_weight(0).squeeze(0));
  torch::Tensor allowed;
  if (node.has(4)) restrict_to(allowed, node.in(4));
  const torch::Tensor valid = valid_keys(node, 1);
  if (valid.defined()) restrict_to(allowed, valid.unsqueeze(1));
  const torch::Tensor weights = masked_softmax(pass.to_full(energy), allowed);
  const torch::Tensor context =
      torch::matmul(pass.to_compute(weights), pass.to_compute(node.in(2)));
  return {pass.from_compute(context), weights};
}

Tensors evaluate(const graph::LocationFeatures& op, const OpContext& node) {
  const Pass& pass = node.pass;
  const torch::Tensor previous = pass.to_compute(node.clean(0));
  const std::int64_t queries = previous.size(1);
  const std::int64_t keys = previous.size(2);
  const torch::Tensor rows = reshape(previous, {-1, 1, keys}, {{2, previous, 2}});
  const torch::Tensor y =
      torch::conv1d(rows, node.compute_weight(0), node.compute_weight(1), 1, (op.kernel - 1) / 2);
  return {pass.from_compute(reshape(y, {previous.size(0), queries, op.filters, y.size(2)},
                                    {{0, previous, 0}, {1, previous, 1}, {3, y, 2}})
                                .transpose(2, 3))};
}

}  // namespace nest::nn
