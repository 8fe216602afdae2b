#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "recurrent.h"

/// LSTM and GRU: one operator a layer. ONNX has time first, other orders of gates, and the weights
/// of both directions in one tensor. ONNX Runtime's CPU has them in float32 alone, so in half
/// precision the weights are stored as halves and widened once, at loading.
namespace nest::exports {

namespace {

/// Our gates in ONNX's order: i f g o -> i o f c; r z n -> z r h.
std::vector<std::size_t> onnx_order(const Recurrent& rnn) {
  if (rnn.states > 1) return {0, 3, 1, 2};
  return {1, 0, 2};
}

/// The weights of one kind of a layer: [directions, rows, ...].
std::string joined(const Lowering& at, const Recurrent& rnn, std::int64_t layer,
                   const std::vector<std::size_t>& kinds, std::string_view name) {
  std::vector<float> values;
  Shape shape;
  for (std::int64_t direction = 0; direction < rnn.directions; ++direction) {
    for (const std::size_t kind : kinds) {
      const Tensor weight = at.weight(rnn.first_weight(layer, direction) + kind);
      append_gates(weight, onnx_order(rnn), values);
      shape = weight.shape();
    }
  }
  shape[0] *= static_cast<std::int64_t>(kinds.size());
  shape.insert(shape.begin(), rnn.directions);
  return at.onnx.as_float(at.onnx.weight(fmt::format("{}.l{}.{}", at.node.name, layer, name),
                                         Tensor::from<float>(shape, values)));
}

std::vector<OnnxAttribute> attributes_of(const Recurrent& rnn) {
  std::vector<OnnxAttribute> attributes{
      attribute("hidden_size", rnn.hidden),
      attribute("direction", std::string(rnn.directions == 2 ? "bidirectional" : "forward"))};
  if (rnn.states == 1) attributes.push_back(attribute("linear_before_reset", std::int64_t{1}));
  return attributes;
}

/// One layer: what its operator gives.
Names layer_of(const Lowering& at, const Recurrent& rnn, const std::string& x, std::int64_t layer) {
  Names inputs{x, joined(at, rnn, layer, {0}, "W"), joined(at, rnn, layer, {1}, "R"),
               joined(at, rnn, layer, {2, 3}, "B"), ""};
  std::vector<bool> wanted{layer + 1 < rnn.layers || at.is_used_at(0)};
  for (std::size_t i = 1; i <= rnn.states; ++i) {
    inputs.push_back(start_of(at, rnn, at.input(i), layer, 0, rnn.directions));
    wanted.push_back(at.is_used_at(i));
  }
  return at.onnx.add_many(rnn.op, std::move(inputs), wanted, attributes_of(rnn));
}

Names lower_floats(const Lowering& at, const Recurrent& rnn) {
  OnnxBuilder& onnx = at.onnx;
  std::string x = onnx.transpose(onnx.as_float(at.x()), {1, 0, 2});
  std::vector<Names> ends(rnn.states);
  for (std::int64_t layer = 0; layer < rnn.layers; ++layer) {
    const Names y = layer_of(at, rnn, x, layer);
    for (std::size_t i = 0; i < rnn.states; ++i) ends[i].push_back(y[i + 1]);
    if (y[0].empty()) continue;
    // [T, directions, B, hidden] -> [T, B, directions * hidden]
    x = rnn.directions == 1 ? onnx.squeeze(y[0], {1})
                            : onnx.reshape(onnx.transpose(y[0], {0, 2, 1, 3}), {0, 0, -1});
  }
  // Transposed before it is narrowed: ONNX Runtime 1.32 crashes on a MatMul of a transposed cast.
  Names outputs{at.is_used_at(0) ? onnx.as_number(onnx.transpose(x, {1, 0, 2})) : ""};
  for (std::size_t i = 0; i < rnn.states; ++i)
    outputs.push_back(at.is_used_at(i + 1) ? onnx.as_number(onnx.concat(ends[i], 0)) : "");
  return outputs;
}

Names lower_recurrent(const Lowering& at, const Recurrent& rnn) {
  return at.is_int8() ? lower_quantized(at, rnn) : lower_floats(at, rnn);
}

}  // namespace

void append_gates(const Tensor& weight, const std::vector<std::size_t>& order,
                  std::vector<float>& out) {
  const Tensor floats = weight.to(DType::kF32);
  const std::span<const float> values = floats.data<float>();
  const std::size_t gate = values.size() / order.size();
  for (const std::size_t ours : order) {
    const auto from = values.subspan(ours * gate, gate);
    out.insert(out.end(), from.begin(), from.end());
  }
}

std::string start_of(const Lowering& at, const Recurrent& rnn, const std::string& state,
                     std::int64_t layer, std::int64_t first, std::int64_t count) {
  if (state.empty()) return "";
  const std::string start = at.onnx.as_float(state);
  if (count == rnn.layers * rnn.directions) return start;
  const std::int64_t begin = layer * rnn.directions + first;
  return at.onnx.slice(start, 0, begin, begin + count);
}

Names lower(const Lowering& at, const graph::Lstm& op) {
  return lower_recurrent(at, {"LSTM", op.hidden_size, op.num_layers, op.bidirectional ? 2 : 1, 2});
}

Names lower(const Lowering& at, const graph::Gru& op) {
  return lower_recurrent(at, {"GRU", op.hidden_size, op.num_layers, op.bidirectional ? 2 : 1, 1});
}

}  // namespace nest::exports
