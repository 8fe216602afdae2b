#include <numeric>

#include <torch/torch.h>

#include "op_context.h"
#include "recurrent_steps.h"

namespace nest::nn {
namespace {

torch::Tensor state_or_zeros(const OpContext& node, std::size_t i, std::int64_t rows,
                             std::int64_t hidden, const torch::Tensor& x) {
  if (node.has(i)) return node.pass.to_compute(node.in(i)).contiguous();
  // Of the input's batch, whatever it is: see traceable.h.
  return torch::zeros_like(x.select(1, 0).select(1, 0))
      .unsqueeze(0)
      .unsqueeze(2)
      .expand({rows, -1, hidden})
      .contiguous();
}

Tensors recurrent_weights(const OpContext& node) {
  Tensors weights;
  for (std::size_t i = 0; i < node.node.weights.size(); ++i) {
    weights.push_back(node.compute_weight(i));
  }
  return weights;
}

/// Items longest first, as LibTorch packs them, and the way back.
struct Packing {
  torch::Tensor order;
  torch::Tensor inverse;
  torch::Tensor lengths;  // sorted, on the CPU
};

Packing packing_of(const std::vector<std::int64_t>& lengths, torch::Device device) {
  std::vector<std::int64_t> order(lengths.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return lengths[static_cast<std::size_t>(a)] > lengths[static_cast<std::size_t>(b)];
  });
  std::vector<std::int64_t> inverse(order.size());
  std::vector<std::int64_t> sorted(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    inverse[static_cast<std::size_t>(order[i])] = static_cast<std::int64_t>(i);
    sorted[i] = lengths[static_cast<std::size_t>(order[i])];
  }
  const auto tensor = [](const std::vector<std::int64_t>& v) {
    return torch::tensor(v, torch::kInt64);
  };
  return {tensor(order).to(device), tensor(inverse).to(device), tensor(sorted)};
}

/// Runs `plain(x, states)` or `packed(data, batch_sizes, states)`; both return y and states.
template <class Plain, class Packed>
Tensors run_recurrent(const OpContext& node, const torch::Tensor& x, Tensors states, Plain&& plain,
                      Packed&& packed) {
  const Ragged& ragged = node.pass.ragged;
  Tensors results;
  if (!ragged.applies_to(node.in_value(0))) {
    results = plain(x, states);
  } else {
    const Packing packing = packing_of(ragged.lengths_of(node.in_value(0)), x.device());
    for (torch::Tensor& state : states) state = state.index_select(1, packing.order);
    const auto [data, batch_sizes] =
        at::_pack_padded_sequence(x.index_select(0, packing.order), packing.lengths, true);
    results = packed(data, batch_sizes, states);
    const auto padded = at::_pad_packed_sequence(results[0], batch_sizes, true, 0.0, x.size(1));
    results[0] = std::get<0>(padded).index_select(0, packing.inverse);
    for (std::size_t i = 1; i < results.size(); ++i) {
      results[i] = results[i].index_select(1, packing.inverse);
    }
  }
  for (torch::Tensor& result : results) result = node.pass.from_compute(result);
  return results;
}

}  // namespace

Tensors evaluate(const graph::Lstm& op, const OpContext& node) {
  if (node.pass.product_hook != nullptr) return evaluate_steps(op, node);
  const torch::Tensor x = node.pass.to_compute(node.in(0));
  const Tensors weights = recurrent_weights(node);
  const std::int64_t rows = op.num_layers * (op.bidirectional ? 2 : 1);
  const double dropout = node.pass.is_training ? op.dropout : 0;
  const auto list = [](const auto& r) {
    return Tensors{std::get<0>(r), std::get<1>(r), std::get<2>(r)};
  };
  return run_recurrent(
      node, x,
      {state_or_zeros(node, 1, rows, op.hidden_size, x),
       state_or_zeros(node, 2, rows, op.hidden_size, x)},
      [&](const torch::Tensor& data, const Tensors& states) {
        return list(at::lstm(data, states, weights, true, op.num_layers, dropout,
                             node.pass.is_training, op.bidirectional, true));
      },
      [&](const torch::Tensor& data, const torch::Tensor& sizes, const Tensors& states) {
        return list(at::lstm(data, sizes, states, weights, true, op.num_layers, dropout,
                             node.pass.is_training, op.bidirectional));
      });
}

Tensors evaluate(const graph::Gru& op, const OpContext& node) {
  if (node.pass.product_hook != nullptr) return evaluate_steps(op, node);
  const torch::Tensor x = node.pass.to_compute(node.in(0));
  const Tensors weights = recurrent_weights(node);
  const std::int64_t rows = op.num_layers * (op.bidirectional ? 2 : 1);
  const double dropout = node.pass.is_training ? op.dropout : 0;
  const auto list = [](const auto& r) { return Tensors{std::get<0>(r), std::get<1>(r)}; };
  return run_recurrent(
      node, x, {state_or_zeros(node, 1, rows, op.hidden_size, x)},
      [&](const torch::Tensor& data, const Tensors& states) {
        return list(at::gru(data, states[0], weights, true, op.num_layers, dropout,
                            node.pass.is_training, op.bidirectional, true));
      },
      [&](const torch::Tensor& data, const torch::Tensor& sizes, const Tensors& states) {
        return list(at::gru(data, sizes, states[0], weights, true, op.num_layers, dropout,
                            node.pass.is_training, op.bidirectional));
      });
}

}  // namespace nest::nn
