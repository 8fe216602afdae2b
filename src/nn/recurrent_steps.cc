#include "recurrent_steps.h"

#include <algorithm>

#include <torch/torch.h>

namespace nest::nn {
namespace {

/// One direction of one layer.
struct Direction {
  Product input, hidden;
  torch::Tensor bias_input, bias_hidden;
  bool is_backward = false;
};

/// h, and c of an LSTM: [B, hidden].
struct State {
  torch::Tensor h, c;
};

State lstm_cell(const Direction& d, const torch::Tensor& projected, const State& before) {
  const Tensors gates = (d.hidden(before.h) + projected).chunk(4, 1);
  const torch::Tensor c =
      torch::sigmoid(gates[1]) * before.c + torch::sigmoid(gates[0]) * torch::tanh(gates[2]);
  return {torch::sigmoid(gates[3]) * torch::tanh(c), c};
}

State gru_cell(const Direction& d, const torch::Tensor& projected, const State& before) {
  const Tensors x = projected.chunk(3, 1);
  const Tensors h = (d.hidden(before.h) + d.bias_hidden).chunk(3, 1);
  const torch::Tensor r = torch::sigmoid(x[0] + h[0]), z = torch::sigmoid(x[1] + h[1]);
  const torch::Tensor n = torch::tanh(x[2] + r * h[2]);
  return {n + z * (before.h - n), {}};
}

template <class Op>
class Steps {
 public:
  static constexpr bool kIsLstm = std::is_same_v<Op, graph::Lstm>;

  Steps(const Op& op, const OpContext& node) : op_(op), node_(node), x_(node.clean(0)) {
    const graph::Value& value = node.in_value(0);
    if (node.pass.ragged.applies_to(value))
      valid_ = node.pass.ragged.valid(value, x_.size(1), x_.device());
  }

  Tensors run() {
    Tensors h_n, c_n;
    for (std::int64_t layer = 0; layer < op_.num_layers; ++layer) {
      Tensors outputs;
      for (std::int64_t d = 0; d < directions(); ++d) {
        const auto [y, last] = walk(direction(layer, d == 1), start(layer * directions() + d));
        outputs.push_back(y);
        h_n.push_back(last.h);
        if constexpr (kIsLstm) c_n.push_back(last.c);
      }
      x_ = torch::cat(outputs, 2);
      const bool drops = node_.pass.is_training && op_.dropout > 0 && layer + 1 < op_.num_layers;
      if (drops) x_ = torch::dropout(x_, op_.dropout, true);
    }
    Tensors results{x_, torch::stack(h_n, 0)};
    if constexpr (kIsLstm) results.push_back(torch::stack(c_n, 0));
    return results;
  }

 private:
  std::int64_t directions() const { return op_.bidirectional ? 2 : 1; }

  Product product(const std::string& name, const torch::Tensor& weight) const {
    Product made = node_.pass.product_hook->linear(node_.node, name, weight);
    if (made) return made;
    return [weight](const torch::Tensor& x) { return torch::linear(x, weight); };
  }

  Direction direction(std::int64_t layer, bool is_backward) const {
    const std::int64_t index = layer * directions() + (is_backward ? 1 : 0);
    const auto first = static_cast<std::size_t>(index * 4);
    const std::string role =
        fmt::format("{}/l{}{}", node_.node.name, layer, is_backward ? "r" : "");
    Direction d{product(role + "/ih", node_.weight(first)),
                product(role + "/hh", node_.weight(first + 1)), node_.weight(first + 2),
                node_.weight(first + 3), is_backward};
    // An LSTM adds both to the same sum.
    if constexpr (kIsLstm) d.bias_input = d.bias_input + d.bias_hidden;
    return d;
  }

  State start(std::int64_t row) const {
    const torch::Tensor zeros = torch::zeros({x_.size(0), op_.hidden_size}, x_.options());
    const auto given = [&](std::size_t input) {
      return node_.has(input) ? node_.in(input)[row] : zeros;
    };
    return {given(1), kIsLstm ? given(2) : torch::Tensor()};
  }

  std::pair<torch::Tensor, State> walk(const Direction& d, State state) const {
    const Tensors projected = (d.input(x_) + d.bias_input).unbind(1);
    Tensors outputs(projected.size());
    for (std::size_t i = 0; i < projected.size(); ++i) {
      const std::size_t t = d.is_backward ? projected.size() - 1 - i : i;
      State next;
      if constexpr (kIsLstm) next = lstm_cell(d, projected[t], state);
      if constexpr (!kIsLstm) next = gru_cell(d, projected[t], state);
      outputs[t] = next.h;
      if (valid_.defined()) {
        const torch::Tensor is_inside = valid_.select(1, static_cast<std::int64_t>(t)).unsqueeze(1);
        outputs[t] = next.h * is_inside;
        next.h = torch::where(is_inside, next.h, state.h);
        if constexpr (kIsLstm) next.c = torch::where(is_inside, next.c, state.c);
      }
      state = next;
    }
    return {torch::stack(outputs, 1), state};
  }

  const Op& op_;
  const OpContext& node_;
  torch::Tensor x_;
  torch::Tensor valid_;  ///< bool [B, T]; undefined: all
};

}  // namespace

Tensors evaluate_steps(const graph::Lstm& op, const OpContext& node) {
  return Steps<graph::Lstm>(op, node).run();
}

Tensors evaluate_steps(const graph::Gru& op, const OpContext& node) {
  return Steps<graph::Gru>(op, node).run();
}

}  // namespace nest::nn
