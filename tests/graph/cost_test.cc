#include "nest/graph/cost.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/graph/factory.h"
#include "nest/runtime/executor.h"
#include "reference/nodes.h"
#include "tests/support/node_cases.h"

namespace nest::graph {
namespace {

using test::batch;
using test::frames;
using test::NodeCase;

constexpr std::int64_t kPosition = 24;  // a whole number of every chunk used here, far from 0
constexpr std::int64_t kTokens = 5;

/// A step over a stream: 4 new queries, keys of `back` earlier frames before theirs.
NodeCase step_case(const std::string& name, Attention op, std::int64_t back) {
  const auto qkv = [](const std::string& port, std::int64_t length) {
    return test::TestInput{port, {batch(), Dim(length), Dim(4)}};
  };
  op.embed_dim = 4;
  op.num_heads = 2;
  return {
      name,
      op,
      {qkv("q", 4), qkv("k", back + 4), qkv("v", back + 4), {}, {}, {"p", {}, -1, DType::kI64}}};
}

/// The cases of all executors' tests, and those that take integers or differ only in cost.
std::vector<NodeCase> cost_cases() {
  std::vector<NodeCase> cases = test::node_cases();
  using Kind = Attention::Kind;
  const test::TestInput tokens{"x", {batch(), frames()}, 1, DType::kI64};
  const test::TestInput position{"p", {}, -1, DType::kI64};
  const test::TestInput btd{"x", {batch(), frames(), Dim(3)}, 1};
  cases.push_back({"embedding", Embedding{kTokens, 3}, {tokens}});
  cases.push_back({"count_frames", CountFrames{1}, {position, btd}});
  cases.push_back({"positional_offset", PositionalEncoding{40, 3}, {btd, position}});
  cases.push_back(step_case("step_left", {.left = 5, .right = 0}, 5));
  cases.push_back(step_case("step_chunks", {.chunk = 2, .left_chunks = 1}, 2));
  cases.push_back(step_case("step_one_chunk", {.chunk = 4, .left_chunks = 0}, 0));
  cases.push_back(step_case("step_linear", {.kind = Kind::kLinear, .left = 3, .right = 0}, 3));
  cases.push_back(step_case(
      "step_relative", {.kind = Kind::kRelative, .left = 3, .right = 0, .max_distance = 2}, 3));
  const std::vector<test::TestInput> self{{"q", {batch(), frames(), Dim(4)}, 1},
                                          {"k", {batch(), frames(), Dim(4)}, 1},
                                          {"v", {batch(), frames(), Dim(4)}, 1}};
  Attention op{.kind = Kind::kLinear, .embed_dim = 4, .num_heads = 2, .left = 2, .right = 1};
  cases.push_back({"attention_linear_window", op, self});
  op = {.kind = Kind::kRelative, .embed_dim = 4, .num_heads = 4, .right = 0, .max_distance = 3};
  cases.push_back({"attention_relative_causal", op, self});
  return cases;
}

/// Convolutions and recurrent layers of random sizes.
std::vector<NodeCase> random_cases() {
  Rng rng(31);
  const auto pick = [&](std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(high - low + 1)));
  };
  std::vector<NodeCase> cases;
  for (int i = 0; i < 12; ++i) {
    const std::int64_t groups = pick(1, 3);
    const bool is_2d = i % 2 == 1;
    const Conv conv{.in_channels = groups * pick(1, 3),
                    .out_channels = groups * pick(1, 3),
                    .kernel_s = is_2d ? pick(1, 3) : 1,
                    .kernel_t = pick(1, 4),
                    .stride_t = pick(1, 3),
                    .dilation_t = pick(1, 2),
                    .pad_left = pick(0, 4),
                    .pad_right = pick(0, 4),
                    .groups = groups,
                    .has_bias = i % 3 != 0,
                    .is_2d = is_2d};
    DimShape shape{batch(), conv.in_channels};
    if (is_2d) shape.emplace_back(3);
    shape.push_back(frames());
    const int time_axis = static_cast<int>(shape.size()) - 1;
    cases.push_back({"random_conv_" + std::to_string(i), conv, {{"x", shape, time_axis}}});
  }
  for (int i = 0; i < 6; ++i) {
    const std::int64_t in = pick(1, 4), hidden = pick(1, 4), layers = pick(1, 3);
    const test::TestInput x{"x", {batch(), frames(), Dim(in)}, 1};
    const bool both = i % 2 == 1;
    const Op op =
        i < 3 ? Op(Lstm{in, hidden, layers, both, 0}) : Op(Gru{in, hidden, layers, both, 0});
    cases.push_back({"random_recurrent_" + std::to_string(i), op, {x}});
  }
  return cases;
}

/// One execution of a node by its twin.
struct Execution {
  TensorMap inputs;
  NodeShapes shapes;
  reference::Arrays outputs;
  Operations operations;
};

reference::Array array_of(const Tensor& tensor) {
  reference::Array array(tensor.shape());
  const Tensor numbers = tensor.to(DType::kF64);
  for (std::size_t i = 0; i < array.values.size(); ++i) array.values[i] = numbers.data<double>()[i];
  return array;
}

Tensor input_of(const test::TestInput& input, const Bindings& bindings, Rng& rng) {
  Shape shape;
  for (const Dim& dim : input.shape) shape.push_back(dim.eval(bindings));
  Tensor tensor(input.dtype, shape);
  if (input.dtype == DType::kF32) {
    for (float& x : tensor.mutable_data<float>()) x = static_cast<float>(rng.normal());
    return tensor;
  }
  for (std::int64_t& x : tensor.mutable_data<std::int64_t>()) {
    x = shape.empty() ? kPosition : static_cast<std::int64_t>(rng.below(kTokens));
  }
  return tensor;
}

Execution execute(const Model& model, const NodeCase& item, const Bindings& bindings) {
  Execution made;
  const Graph& graph = model.graph("block");
  Rng rng(7);
  std::vector<reference::Array> arrays(item.inputs.size());
  reference::Inputs inputs;
  for (std::size_t i = 0; i < item.inputs.size(); ++i) {
    if (item.inputs[i].name.empty()) {
      inputs.push_back(nullptr);
      made.shapes.inputs.emplace_back(std::nullopt);
      continue;
    }
    const Tensor tensor = input_of(item.inputs[i], bindings, rng);
    arrays[i] = array_of(tensor);
    inputs.push_back(&arrays[i]);
    made.shapes.inputs.emplace_back(tensor.shape());
    made.inputs.emplace(item.inputs[i].name, tensor);
  }
  reference::Arrays weights;
  for (const WeightRef& weight : graph.nodes[0].weights) {
    weights.push_back(array_of(model.weights.find(weight.name)->second));
  }
  reference::OperationCount& done = reference::Counted::done();
  done = {};
  made.outputs = reference::run_node(item.op, inputs, weights);
  made.operations = {done.macs, done.flops()};
  for (const reference::Array& output : made.outputs) made.shapes.outputs.push_back(output.shape);
  return made;
}

class EveryKindCost : public testing::TestWithParam<NodeCase> {};

TEST_P(EveryKindCost, is_what_an_execution_with_counting_numbers_does) {
  const NodeCase& item = GetParam();
  const Model model = test::one_node(item.op, item.inputs);
  runtime::NativeExecutor native(runtime::prepare(model));
  for (const auto& [items, length] : {std::pair{1, 9}, {2, 9}, {3, 14}}) {
    const Bindings bindings{{"B", items}, {"T", length}};
    const Execution made = execute(model, item, bindings);
    EXPECT_EQ(operations_of(item.op, made.shapes), made.operations)
        << "batch " << items << ", length " << length;
    const GraphCost cost = graph_cost(model, "block", bindings);
    EXPECT_EQ(cost.nodes.at(0).cost.macs, made.operations.macs);
    EXPECT_EQ(cost.nodes[0].cost.flops, made.operations.flops);
    // The twin really does what the node does.
    const TensorMap outputs = native.run("block", made.inputs);
    for (std::size_t i = 0; i < made.outputs.size(); ++i) {
      const Tensor got = outputs.at("y" + std::to_string(i)).to(DType::kF64);
      ASSERT_EQ(got.shape(), made.outputs[i].shape);
      for (std::size_t j = 0; j < made.outputs[i].values.size(); ++j) {
        const double want = made.outputs[i].values[j].value();
        ASSERT_NEAR(got.data<double>()[j], want, 1e-5 * (1 + std::abs(want))) << i << " " << j;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Node, EveryKindCost, testing::ValuesIn(cost_cases()), test::case_name);
INSTANTIATE_TEST_SUITE_P(Random, EveryKindCost, testing::ValuesIn(random_cases()), test::case_name);

TEST(CostCases, cover_every_kind) {
  std::set<std::string_view> covered;
  for (const NodeCase& item : cost_cases()) covered.insert(kind_name(item.op));
  EXPECT_EQ(covered.size(), std::variant_size_v<Op>);
}

TEST(Cost, of_layers_is_as_in_the_textbook) {
  // LSTM 8 -> 5, one direction, 3 items of 7 frames; attention of 2 heads of 3 over 7 frames.
  const Operations lstm = operations_of(Lstm{.input_size = 8, .hidden_size = 5},
                                        {{Shape{3, 7, 8}}, {{3, 7, 5}, {1, 3, 5}, {1, 3, 5}}});
  EXPECT_EQ(lstm.macs, 3 * 7 * 4 * 5 * (8 + 5));
  EXPECT_EQ(lstm.flops, 2 * lstm.macs + 3 * 7 * 5 * 15);
  const Shape x{1, 7, 6};
  const Operations attention =
      operations_of(Attention{.embed_dim = 6, .num_heads = 2}, {{x, x, x}, {x, {1, 2, 7, 7}}});
  EXPECT_EQ(attention.macs, 2 * 7 * 7 * 6);
  EXPECT_EQ(operations_of(Linear{6, 4}, {{x}, {{1, 7, 4}}}), (Operations{7 * 24, 2 * 7 * 24}));
}

TEST(Cost, too_large_for_a_number_is_an_error) {
  const std::int64_t large = std::int64_t{1} << 31;
  EXPECT_THROW(operations_of(Linear{large, large}, {{Shape{8, large}}, {{8, large}}}), Error);
}

Model small_ctc() {
  Model model = build_model(
      "nest_ctc",
      Config::parse("{spatial_cnn: {type: EEGNet, n_channels: 4, sampling_rate: 32}, "
                    "temporal_encoder: {type: Transformer, d_model: 8, nhead: 2, num_layers: 2, "
                    "dim_feedforward: 12}, decoder: {vocab_size: 9}}"));
  Rng rng(1);
  initialize_weights(model, rng);
  return model;
}

TEST(GraphCost, parameters_add_up_to_the_models_and_bytes_to_the_tensors) {
  Model model = small_ctc();
  Cost sum;
  for (const auto& [name, graph] : model.graphs) {
    sum += total(graph_cost(model, name, {{"B", 2}, {"T", 128}}));
  }
  EXPECT_EQ(sum.parameters, model.num_parameters());
  std::int64_t bytes = 0;
  for (const auto& [name, tensor] : model.weights)
    bytes += static_cast<std::int64_t>(tensor.nbytes());
  EXPECT_EQ(sum.weight_bytes, bytes);
}

TEST(GraphCost, paths_have_what_lies_below_them) {
  const Model model = small_ctc();
  const GraphCost cost = graph_cost(model, "encoder", {{"B", 1}, {"T", 128}});
  const auto totals = module_totals(cost);
  EXPECT_EQ(totals.at(""), total(cost));
  EXPECT_EQ(totals.at("temporal_encoder.transformer_encoder.layers.1"),
            total(cost, "temporal_encoder.transformer_encoder.layers.1"));
  Cost parts = total(cost, "spatial_cnn");
  parts += total(cost, "temporal_encoder");
  parts += total(cost, "frames");
  EXPECT_EQ(parts, total(cost));
  EXPECT_EQ(total(cost, "temporal_encoder.transformer_encoder.layers.1.linear1").macs, 4 * 8 * 12);
  EXPECT_EQ(total(cost, "temporal_encoder.transformer_encoder.layers.1.linear").macs, 0);
}

TEST(GraphCost, packed_weights_count_once_and_activations_are_as_wide_as_their_type) {
  const Model model = small_ctc();
  const GraphCost cost = graph_cost(model, "encoder", {{"B", 1}, {"T", 128}});
  const Cost layer = total(cost, "temporal_encoder.transformer_encoder.layers.0.self_attn");
  EXPECT_EQ(layer.parameters, 3 * 8 * 8 + 3 * 8 + 8 * 8 + 8);
  const Cost q = total(cost, "temporal_encoder.transformer_encoder.layers.0.self_attn.q_proj");
  EXPECT_EQ(q.parameters, 8 * 8 + 8);
  EXPECT_EQ(q.input_bytes, 4 * 8 * 4);
  EXPECT_EQ(q.output_bytes, 4 * 8 * 4);
}

TEST(GraphCost, half_precision_weights_are_stored_in_half) {
  Model model = small_ctc();
  const std::int64_t before =
      total(graph_cost(model, "ctc_head", {{"B", 1}, {"T", 4}})).weight_bytes;
  for (auto& [name, tensor] : model.weights) {
    if (tensor.dtype() == DType::kF32) tensor = tensor.to(DType::kF16);
  }
  EXPECT_EQ(2 * total(graph_cost(model, "ctc_head", {{"B", 1}, {"T", 4}})).weight_bytes, before);
}

TEST(GraphCost, quantized_weights_are_stored_with_their_scales) {
  Model model = small_ctc();  // head: [9, 8] and 9 biases
  const auto bytes = [&](Precision precision, std::optional<Granularity> granularity = {}) {
    model.quantization.layers["ctc_decoder"] = {precision, granularity};
    return total(graph_cost(model, "ctc_head", {{"B", 1}, {"T", 4}})).weight_bytes;
  };
  EXPECT_EQ(bytes(Precision::kFp32), 9 * 8 * 4 + 9 * 4);
  EXPECT_EQ(bytes(Precision::kBf16), 9 * 8 * 2 + 9 * 4);
  EXPECT_EQ(bytes(Precision::kInt8), 9 * 8 + 9 * 4 + 9 * 4);
  EXPECT_EQ(bytes(Precision::kInt8, Granularity::kPerTensor), 9 * 8 + 9 * 4 + 9 * 4);
  EXPECT_EQ(bytes(Precision::kInt4), 9 * (3 + 1 + 8 / 2) + 9 * 4);
}

TEST(GraphCost, filters_of_convolutions_are_narrow_whatever_their_activations_are) {
  Model model = small_ctc();
  const auto bytes = [&] {
    const GraphCost cost = graph_cost(model, "encoder", {{"B", 1}, {"T", 128}});
    return total(cost, "spatial_cnn.block2_separable2").weight_bytes;
  };
  const std::int64_t plain = bytes();
  model.quantization.precision = Precision::kInt8;
  EXPECT_EQ(bytes(), plain / 4 + 4 * 16);
  model.quantization.activations["spatial_cnn.block2_separable2"] = {0.5f};
  EXPECT_EQ(bytes(), plain / 4 + 4 * 16);
}

TEST(GraphCost, of_a_signal_too_short_says_what_is_empty) {
  try {
    graph_cost(small_ctc(), "encoder", {{"B", 1}, {"T", 3}});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("would have"));
  }
  EXPECT_THROW(graph_cost(small_ctc(), "encoder", {{"B", 1}}), Error);
}

}  // namespace
}  // namespace nest::graph
