#include <memory>

#include <fmt/format.h>

#include "quantized_product.h"
#include "recurrent.h"

/// LSTM and GRU of 8-bit codes. ONNX Runtime has no such GRU and ONNX has neither, so a layer and
/// direction is: all of its input products at once, then a Scan of the recurrent one over time.
namespace nest::exports {

namespace {

/// h is a product of a sigmoid and tanh, so this scale loses nothing at its ends.
constexpr float kHiddenScale = 1.0F / 127;

/// One layer and direction in the making.
struct Direction {
  const Lowering& at;
  const Recurrent& rnn;
  std::int64_t layer;
  std::int64_t direction;

  bool is_lstm() const { return rnn.states > 1; }
  bool is_backward() const { return direction == 1; }
  /// "lstm/l0", "lstm/l0r": of product_names().
  std::string name() const {
    return fmt::format("{}/l{}{}", at.node.name, layer, is_backward() ? "r" : "");
  }
  /// Sigmoids side by side: i f o g of ours i f g o; r z n stay.
  std::vector<std::size_t> order() const {
    if (is_lstm()) return {0, 1, 3, 2};
    return {0, 1, 2};
  }
  Tensor weight(std::size_t kind) const {
    const Tensor raw = at.weight(rnn.first_weight(layer, direction) + kind);
    std::vector<float> values;
    append_gates(raw, order(), values);
    return Tensor::from<float>(raw.shape(), values);
  }
};

/// What is added to the input products: both biases; of a GRU's n only the input's, since the
/// recurrent one is scaled by r.
Tensor input_bias(const Direction& of) {
  Tensor sum = of.weight(2);
  const Tensor recurrent_bias = of.weight(3);
  const auto more = recurrent_bias.data<float>();
  const auto to = sum.mutable_data<float>();
  const std::size_t end = of.is_lstm() ? to.size() : to.size() / 3 * 2;
  for (std::size_t i = 0; i < end; ++i) to[i] += more[i];
  return sum;
}

/// b_hn [hidden].
Tensor candidate_bias(const Direction& of) {
  const Tensor bias = of.weight(3);
  const auto all = bias.data<float>();
  return Tensor::from<float>({of.rnn.hidden}, all.subspan(all.size() / 3 * 2));
}

// Both cells split what the recurrent product gives before anything is added to it: of a product
// and a sum right behind it ONNX Runtime makes a Gemm, which keeps the weights from being
// multiplied as codes (50 times slower; ort_test.cc looks for it).

/// h' and c' of an LSTM.
Names lstm_cell(OnnxBuilder& step, const Direction& of, const Names& states,
                const std::string& input, const std::string& recurrent) {
  const std::int64_t n = of.rnn.hidden;
  const Names in = step.split(input, -1, {3 * n, n});
  const Names back = step.split(recurrent, -1, {3 * n, n});
  const Names gates =
      step.split(step.add("Sigmoid", {step.add("Add", {in[0], back[0]})}), -1, {n, n, n});
  const std::string candidate = step.add("Tanh", {step.add("Add", {in[1], back[1]})});
  const std::string fresh = step.add("Mul", {gates[0], candidate});
  const std::string cell = step.add("Add", {step.add("Mul", {gates[1], states[1]}), fresh});
  return {step.add("Mul", {gates[2], step.add("Tanh", {cell})}), cell};
}

/// h' of a GRU; the bias of n belongs to the recurrent part, which r scales.
Names gru_cell(OnnxBuilder& step, const Direction& of, const Names& states,
               const std::string& input, const std::string& recurrent) {
  const std::int64_t n = of.rnn.hidden;
  const Names in = step.split(input, -1, {2 * n, n});
  const Names back = step.split(recurrent, -1, {2 * n, n});
  const Names gates =
      step.split(step.add("Sigmoid", {step.add("Add", {in[0], back[0]})}), -1, {n, n});
  const std::string past = step.add(
      "Add", {back[1], step.weight_as_is(of.name() + ".candidate_bias", candidate_bias(of))});
  const std::string candidate =
      step.add("Tanh", {step.add("Add", {in[1], step.add("Mul", {gates[0], past})})});
  const std::string kept = step.add("Mul", {gates[1], step.add("Sub", {states[0], candidate})});
  return {step.add("Add", {candidate, kept})};
}

/// The graph of one step: states and a row of input products -> next states, h again as output.
std::shared_ptr<OnnxGraph> step_graph(const Direction& of) {
  OnnxBuilder step(of.at.onnx.dialect(), of.name() + "/");
  step.set_scope("step");
  const auto width = static_cast<std::int64_t>(of.rnn.gates()) * of.rnn.hidden;
  const auto value = [](const std::string& name, std::int64_t length) {
    return OnnxValue{name, DType::kF32, {OnnxDim{"batch"}, OnnxDim{length}}};
  };
  const auto port = [&](std::string_view what) { return step.port(std::string(what)); };
  Names states{port("h")};
  if (of.is_lstm()) states.push_back(port("c"));
  const std::string input = port("input");
  const std::string recurrent = quantized_product(
      step, states[0],
      {.name = of.name() + "/hh",
       .weight = of.weight(1),
       .granularity = of.at.granularity(),
       .scale = of.at.activation_scale(of.name() + "/hh").value_or(kHiddenScale)});
  Names next = of.is_lstm() ? lstm_cell(step, of, states, input, recurrent)
                            : gru_cell(step, of, states, input, recurrent);
  next.push_back(step.add("Identity", {next[0]}));
  OnnxGraph& graph = step.graph();
  graph.name = of.name() + "/step";
  for (const std::string& state : states) graph.inputs.push_back(value(state, of.rnn.hidden));
  graph.inputs.push_back(value(input, width));
  for (const std::string& output : next) graph.outputs.push_back(value(output, of.rnn.hidden));
  return std::make_shared<OnnxGraph>(std::move(graph));
}

/// [B, hidden] to start from: that part of the state input, or zeros.
std::string start(const Direction& of, const std::string& x, std::size_t state) {
  OnnxBuilder& onnx = of.at.onnx;
  const std::string given =
      start_of(of.at, of.rnn, of.at.input(state + 1), of.layer, of.direction, 1);
  if (!given.empty()) return onnx.squeeze(given, {0});
  const std::string batch = onnx.unsqueeze(onnx.length(x, 1), {0});
  return onnx.add("ConstantOfShape", {onnx.concat({batch, onnx.integers({of.rnn.hidden})}, 0)});
}

/// x [T, B, in] -> last states [B, hidden] each, then y [T, B, hidden].
Names run_direction(const Direction& of, const std::string& x) {
  OnnxBuilder& onnx = of.at.onnx;
  const QuantizedProduct product{.name = of.name() + "/ih",
                                 .weight = of.weight(0),
                                 .granularity = of.at.granularity(),
                                 .scale = of.at.activation_scale(of.name() + "/ih")};
  const std::string input =
      onnx.add("Add", {quantized_product(onnx, x, product),
                       onnx.weight_as_is(of.name() + ".bias", input_bias(of))});
  Names inputs;
  for (std::size_t state = 0; state < of.rnn.states; ++state) inputs.push_back(start(of, x, state));
  inputs.push_back(input);
  std::vector<OnnxAttribute> attributes{{"body", step_graph(of)},
                                        attribute("num_scan_inputs", std::int64_t{1})};
  if (of.is_backward()) {
    attributes.push_back(attribute("scan_input_directions", std::vector<std::int64_t>{1}));
    attributes.push_back(attribute("scan_output_directions", std::vector<std::int64_t>{1}));
  }
  return onnx.add_many("Scan", std::move(inputs), std::vector<bool>(of.rnn.states + 1, true),
                       std::move(attributes));
}

}  // namespace

Names lower_quantized(const Lowering& at, const Recurrent& rnn) {
  OnnxBuilder& onnx = at.onnx;
  std::string x = onnx.transpose(at.x(), {1, 0, 2});
  std::vector<Names> ends(rnn.states);
  for (std::int64_t layer = 0; layer < rnn.layers; ++layer) {
    Names parts;
    for (std::int64_t direction = 0; direction < rnn.directions; ++direction) {
      const Names results = run_direction({at, rnn, layer, direction}, x);
      parts.push_back(results.back());
      for (std::size_t i = 0; i < rnn.states; ++i)
        if (at.is_used_at(i + 1)) ends[i].push_back(onnx.unsqueeze(results[i], {0}));
    }
    x = onnx.concat(parts, 2);
  }
  Names outputs{at.is_used_at(0) ? onnx.transpose(x, {1, 0, 2}) : ""};
  for (std::size_t i = 0; i < rnn.states; ++i)
    outputs.push_back(at.is_used_at(i + 1) ? onnx.concat(ends[i], 0) : "");
  return outputs;
}

}  // namespace nest::exports
