#include <algorithm>

#include "nest/core/error.h"
#include "raise.h"

/// LSTM and GRU, an operator a layer: ONNX has time first and other orders of gates.
namespace nest::exports {
namespace {

struct Recurrence {
  std::int64_t directions = 1, hidden = 0, input = 0;
  std::vector<std::size_t> order;  ///< ONNX's gates in our order
  bool is_lstm = false;
};

/// Rows [gates * hidden, ...] of one direction of a tensor [directions, rows, ...].
Tensor gates_of(const Tensor& all, std::int64_t direction, std::int64_t first_gate,
                const Recurrence& rnn) {
  Shape shape(all.shape().begin() + 1, all.shape().end());
  shape[0] = rnn.hidden * static_cast<std::int64_t>(rnn.order.size());
  Tensor made(DType::kF32, shape);
  const auto gate = static_cast<std::size_t>(made.numel()) / rnn.order.size();
  const auto per_direction = static_cast<std::size_t>(all.numel() / all.dim(0));
  const auto in = all.data<float>().subspan(static_cast<std::size_t>(direction) * per_direction +
                                            static_cast<std::size_t>(first_gate) * gate);
  auto out = made.mutable_data<float>();
  for (std::size_t ours = 0; ours < rnn.order.size(); ++ours)
    std::copy_n(in.begin() + static_cast<std::ptrdiff_t>(rnn.order[ours] * gate), gate,
                out.begin() + static_cast<std::ptrdiff_t>(ours * gate));
  return made;
}

void check_attributes(const OnnxNode& node, const Recurrence& rnn) {
  require(find_attribute(node, "activations") == nullptr && find_attribute(node, "clip") == nullptr,
          ErrorCode::kUnsupported, "it has activations or a clip of its own");
  require(attribute_or(node, "layout", std::int64_t{0}) == 0 &&
              attribute_or(node, "input_forget", std::int64_t{0}) == 0,
          ErrorCode::kUnsupported, "it has the batch first or joint gates");
  require(rnn.is_lstm || attribute_or(node, "linear_before_reset", std::int64_t{0}) == 1,
          ErrorCode::kUnsupported,
          "its reset gate stands before the product (linear_before_reset 0)");
}

Recurrence recurrence_of(const OnnxNode& node, const Tensor& w, const Tensor& r) {
  Recurrence rnn;
  rnn.is_lstm = node.op == "LSTM";
  rnn.order =
      rnn.is_lstm ? std::vector<std::size_t>{0, 2, 3, 1} : std::vector<std::size_t>{1, 0, 2};
  const std::string direction = attribute_or(node, "direction", std::string("forward"));
  require(direction == "forward" || direction == "bidirectional", ErrorCode::kUnsupported,
          "its direction is {}", direction);
  rnn.directions = direction == "forward" ? 1 : 2;
  require(w.rank() == 3 && r.rank() == 3 && w.dim(0) == rnn.directions && r.dim(0) == w.dim(0),
          ErrorCode::kDataCorrupt, "weights of {} and {} for {} directions", to_string(w.shape()),
          to_string(r.shape()), rnn.directions);
  rnn.hidden = r.dim(2);
  rnn.input = w.dim(2);
  const auto gates = static_cast<std::int64_t>(rnn.order.size());
  require(w.dim(1) == gates * rnn.hidden && r.dim(1) == gates * rnn.hidden, ErrorCode::kDataCorrupt,
          "weights of {} and {}", to_string(w.shape()), to_string(r.shape()));
  check_attributes(node, rnn);
  return rnn;
}

/// The state that it begins with; nothing for zeros.
graph::ValueId start_of(Raise& at, const OnnxNode& node, std::size_t index) {
  if (!at.has_input(node, index) || std::holds_alternative<Zeros>(at.input(node, index)))
    return graph::kNoValue;
  if (const Tensor* tensor = at.constant(node, index)) {
    const Tensor floats = tensor->to(DType::kF32);
    require(std::ranges::all_of(floats.data<float>(), [](float x) { return x == 0; }),
            ErrorCode::kUnsupported, "it begins with a constant state");
    return graph::kNoValue;
  }
  return at.value(node, index);
}

std::vector<graph::WeightRef> weights_of(Raise& at, const OnnxNode& node, const Recurrence& rnn,
                                         const Tensor& w, const Tensor& r) {
  const auto gates = static_cast<std::int64_t>(rnn.order.size());
  const Shape biases{rnn.directions, 2 * gates * rnn.hidden};
  const Tensor bias =
      at.has_input(node, 3) ? at.weight(node, 3, "bias") : Tensor(DType::kF32, biases);
  require(bias.shape() == biases, ErrorCode::kDataCorrupt, "a bias of {} where {} is needed",
          to_string(bias.shape()), to_string(biases));
  const std::string name = at.name_of(node);
  std::vector<graph::WeightRef> weights;
  for (std::int64_t d = 0; d < rnn.directions; ++d) {
    const std::string suffix = d == 0 ? "_l0" : "_l0_reverse";
    weights.push_back(at.add_weight(name, "weight_ih" + suffix, gates_of(w, d, 0, rnn)));
    weights.push_back(at.add_weight(name, "weight_hh" + suffix, gates_of(r, d, 0, rnn)));
    weights.push_back(at.add_weight(name, "bias_ih" + suffix, gates_of(bias, d, 0, rnn)));
    weights.push_back(at.add_weight(name, "bias_hh" + suffix, gates_of(bias, d, gates, rnn)));
  }
  return weights;
}

/// y [B, T, directions * hidden] as ONNX has it: [T, directions, B, hidden].
View onnx_output(const graph::Graph& graph, graph::ValueId y, const Recurrence& rnn) {
  const View view = whole_view(graph, y);
  AtomGroup direction, unit{{2, graph::Dim(rnn.hidden), 1}};
  if (rnn.directions > 1) direction = {{2, graph::Dim(rnn.directions), rnn.hidden}};
  return {y, {view.axes[1], direction, view.axes[0], unit}, 1};
}

void recurrent(Raise& at, const OnnxNode& node) {
  const Tensor w = at.weight(node, 1, "weight"), r = at.weight(node, 2, "weight");
  const Recurrence rnn = recurrence_of(node, w, r);
  require(!at.has_input(node, 4), ErrorCode::kUnsupported, "it takes lengths");
  const graph::ValueId x = at.value(transposed(at.view(node, 0), {1, 0, 2}), node);
  std::vector<graph::ValueId> inputs{x, start_of(at, node, 5)};
  if (rnn.is_lstm) inputs.push_back(start_of(at, node, 6));
  while (inputs.back() == graph::kNoValue) inputs.pop_back();  // zeros: nothing is given
  const auto weights = weights_of(at, node, rnn, w, r);
  const std::string name = weights[0].name.substr(0, weights[0].name.rfind('.'));
  graph::Op op = graph::Lstm{rnn.input, rnn.hidden, 1, rnn.directions == 2};
  if (!rnn.is_lstm) op = graph::Gru{rnn.input, rnn.hidden, 1, rnn.directions == 2};
  const auto made = at.graph().add_node(name, std::move(op), std::move(inputs), weights);
  at.set(node.outputs[0], onnx_output(at.graph(), made[0], rnn));
  for (std::size_t i = 1; i < node.outputs.size(); ++i)
    at.set(node.outputs[i], whole_view(at.graph(), made.at(i)));
}

}  // namespace

Follow follow_recurrent(std::string_view op) {
  return op == "LSTM" || op == "GRU" ? recurrent : nullptr;
}

}  // namespace nest::exports
