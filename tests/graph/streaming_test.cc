#include "nest/graph/streaming.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/graph/serialize.h"
#include "tests/support/causal_models.h"
#include "tests/support/error_of.h"

namespace nest::graph {
namespace {

using ::testing::HasSubstr;

class EveryCausal : public testing::TestWithParam<test::CausalCase> {};
INSTANTIATE_TEST_SUITE_P(Model, EveryCausal, testing::ValuesIn(test::causal_cases()),
                         [](const auto& info) { return info.param.name; });

TEST_P(EveryCausal, the_step_has_the_weights_and_outputs_of_the_whole_and_constant_state) {
  Model model = test::make_causal_model(GetParam());
  const Graph& whole = model.graph("encoder");
  const StreamingStep step = make_streaming_step(whole);
  EXPECT_EQ(step.graph.weight_names(), whole.weight_names());
  EXPECT_NO_THROW(validate(step.graph, &model.weights));
  const Dim frames = whole.value(whole.output("encoder_output").value).shape[1];
  EXPECT_EQ(frames, Dim::symbol("T") / step.samples_per_frame);
  EXPECT_EQ(step.graph.value(step.graph.output("encoder_output").value).shape[1], Dim::symbol("N"));
  int states = 0;
  for (const Port& port : step.graph.outputs) {
    if (port.feeds.empty()) continue;
    ++states;
    for (const Dim& dim : step.graph.value(port.value).shape) EXPECT_FALSE(dim.depends_on("N"));
  }
  EXPECT_GT(states, 1);
  EXPECT_EQ(to_json(graph_from_json(to_json(step.graph))), to_json(step.graph));
}

TEST(StreamingStep, chunked_attention_asks_for_whole_chunks) {
  for (const test::CausalCase& item : test::causal_cases()) {
    const StreamingStep step = make_streaming_step(test::make_causal_model(item).graph("encoder"));
    EXPECT_EQ(step.frame_multiple, item.name.find("one_chunk") != std::string::npos ? 4
                                   : item.name.find("chunks") != std::string::npos  ? 3
                                                                                    : 1)
        << item.name;
  }
}

std::string not_streamable(const std::string& front_end, const std::string& encoder,
                           bool is_causal = false) {
  const std::string text = std::string(is_causal ? "causal: true\n" : "") +
                           "spatial_cnn: " + front_end + "\ntemporal_encoder: " + encoder +
                           "\ndecoder: {vocab_size: 7}\n";
  Model model = build_model("nest_ctc", Config::parse(text));
  EXPECT_FALSE(is_streamable(model));
  try {
    add_streaming_step(model);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
    EXPECT_FALSE(model.graphs.contains("encoder_step"));
    return error.what();
  }
  return "no error";
}

TEST(StreamingStep, what_looks_ahead_is_named) {
  const std::string eegnet = "{type: EEGNet, n_channels: 5, sampling_rate: 64}";
  const std::string convolution = not_streamable(eegnet, "{type: LSTM, hidden_dim: 4}");
  EXPECT_THAT(convolution, HasSubstr("spatial_cnn.block1_conv"));
  EXPECT_THAT(convolution, HasSubstr("looks 16 positions ahead"));
  EXPECT_THAT(convolution, HasSubstr("causal: true"));
}

TEST(StreamingStep, attention_without_bounds_is_named) {
  const std::string deep = "{type: DeepConvNet, n_channels: 5, n_filters: 4}";
  const std::string encoder = "{type: Transformer, d_model: 8, nhead: 2, num_layers: 1";
  EXPECT_THAT(not_streamable(deep, encoder + "}", true),
              HasSubstr("temporal_encoder.transformer_encoder.layers.0.self_attn"));
  EXPECT_THAT(not_streamable(deep, encoder + "}", true), HasSubstr("set attention_left"));
  EXPECT_THAT(not_streamable(deep, encoder + ", attention_chunk: 4}", true),
              HasSubstr("set attention_left_chunks"));
}

/// A graph of one node over x [B, C, T] or [B, T, D].
Graph one_node(const Op& op, DimShape shape, int time_axis) {
  Graph graph;
  graph.name = "g";
  const ValueId x = graph.add_input("x", DType::kF32, std::move(shape), time_axis);
  std::vector<WeightRef> weights(weight_shapes(op).size());
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i].name = "w" + std::to_string(i);
  graph.add_output("y", graph.add_node("node", op, {x}, weights)[0]);
  return graph;
}

std::string error_of(const Graph& graph) {
  return test::error_of([&] { make_streaming_step(graph); });
}

TEST(StreamingStep, nodes_without_a_streaming_form_are_named) {
  const Dim b = Dim::symbol("B"), t = Dim::symbol("T");
  const auto over_samples = [&](const Op& op) { return one_node(op, {b, Dim(2), t}, 2); };
  const auto over_frames = [&](const Op& op) { return one_node(op, {b, t, Dim(2)}, 1); };
  EXPECT_THAT(error_of(over_samples(Pool{Pool::Kind::kMean, 4, 2})),
              HasSubstr("pools windows of 4 every 2 positions"));
  EXPECT_THAT(error_of(over_frames(Lstm{.input_size = 2, .hidden_size = 3, .bidirectional = true})),
              HasSubstr("node 'node' (lstm): is bidirectional"));
  EXPECT_THAT(error_of(over_frames(Slice{.axis = 1, .begin = 2, .end = 0})),
              HasSubstr("has no streaming form"));
  EXPECT_THAT(error_of(over_samples(
                  Conv{.in_channels = 2, .out_channels = 2, .kernel_t = 3, .pad_left = 5})),
              HasSubstr("has 5 positions of padding but looks back on 2"));
  EXPECT_EQ(error_of(over_samples(Pool{Pool::Kind::kMax, 2, 2})), "no error");
}

TEST(StreamingStep, of_a_step_is_refused) {
  const auto item = test::causal_cases().front();
  const StreamingStep step = make_streaming_step(test::make_causal_model(item).graph("encoder"));
  EXPECT_NE(error_of(step.graph), "no error");
}

TEST(Bind, an_axis_may_be_a_multiple_of_a_symbol) {
  const auto item = test::causal_cases().front();
  const StreamingStep step = make_streaming_step(test::make_causal_model(item).graph("encoder"));
  const auto with = [](std::int64_t samples) {
    return TensorMap{{"eeg_data", Tensor(DType::kF32, {1, 5, samples})}};
  };
  EXPECT_EQ(nest::graph::bind(step.graph, with(96)).at("N"), 3);
  try {
    nest::graph::bind(step.graph, with(97));
    FAIL() << "97 samples were accepted";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("97 is no multiple of 32"));
  }
}

}  // namespace
}  // namespace nest::graph
