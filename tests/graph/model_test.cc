#include <cmath>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/graph/factory.h"
#include "nest/graph/serialize.h"
#include "tests/support/error_of.h"
#include "tests/support/paths.h"

namespace nest::graph {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::filesystem::path kConfigs = test::tests_dir() / ".." / "configs";

Config own_configs() {
  return Config::load(kConfigs / "model.yaml");
}

Model own_model(const std::string& key) {
  return build_model(key, own_configs().at(key));
}

Model causal_model(const std::string& key) {
  Json json = own_configs().at(key).to_json();
  json["causal"] = true;
  return build_model(key, Config::from_json(json));
}

TEST(ModelConfigs, own_file_builds_every_variant_with_the_published_counts) {
  const std::map<std::string, std::int64_t> counts{{"nest_rnn_t", 20469864},
                                                   {"nest_transformer_t", 24069544},
                                                   {"nest_attention", 19783272},
                                                   {"nest_ctc", 16260200},
                                                   {"nest_conformer_ctc", 37058984}};
  for (const std::string& key : own_configs().keys()) {
    const Model model = own_model(key);
    if (const auto count = counts.find(key); count != counts.end()) {
      EXPECT_EQ(model.num_parameters(), count->second) << key;
    }
  }
  for (const std::string& key : model_keys()) EXPECT_TRUE(own_configs().has(key)) << key;
}

TEST(ModelConfigs, the_specification_file_builds_every_key) {
  const auto path = test::shared_dir() / "spec" / "model.yaml";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is missing";
  const Config config = Config::load(path);
  for (const std::string& key : config.keys()) {
    EXPECT_GT(build_model(key, config.at(key)).num_parameters(), 16000000) << key;
  }
}

TEST(ModelConfigs, data_sizes_replace_what_the_file_says) {
  const Model model = build_model("nest_ctc", own_configs().at("nest_ctc"), {19, 57, 250});
  EXPECT_EQ(model.signal.num_channels, 19);
  EXPECT_EQ(model.signal.rate_hz, 250);
  EXPECT_EQ(model.vocabulary.size, 57);
  EXPECT_EQ(model.config["decoder"]["vocab_size"], 57);
  EXPECT_EQ(model.config["spatial_cnn"]["sampling_rate"], 250);
}

TEST(ModelJson, round_trip_keeps_every_variant_and_its_configuration_builds_the_same) {
  for (const std::string& key : own_configs().keys()) {
    const Model model = own_model(key);
    const Json json = to_json(model);
    const Model again = model_from_json(Json::parse(json.dump()));
    EXPECT_EQ(to_json(again), json) << key;
    const Model rebuilt = build_from_model_config(Config::from_json(model.config), key);
    EXPECT_EQ(to_json(rebuilt), json) << key;
  }
}

TEST(ModelJson, the_rule_of_spelling_travels_with_the_vocabulary) {
  Model model = own_model("nest_ctc_small");
  EXPECT_FALSE(to_json(model)["vocabulary"].contains("text_rule"));
  model.vocabulary.text_rule = {{"case", "lower"}};
  EXPECT_EQ(model_from_json(to_json(model)).vocabulary.text_rule, model.vocabulary.text_rule);
}

TEST(ModelJson, damaged_graphs_are_errors_that_name_the_place) {
  const Json good = to_json(own_model("nest_ctc_small").graph("ctc_head"));
  const auto error_of = [](const Json& json) -> std::string {
    return test::error_of([&] { graph_from_json(json); }, ErrorCode::kDataCorrupt);
  };
  Json bad = good;
  bad["nodes"][0]["kind"] = "lineal";
  EXPECT_THAT(error_of(bad), HasSubstr("unknown node kind 'lineal'"));
  bad = good;
  bad["nodes"][0]["attributes"]["out"] = 7;
  EXPECT_THAT(error_of(bad), HasSubstr("is stored as"));
  bad = good;
  bad["nodes"][0]["inputs"][0] = 99;
  EXPECT_THAT(error_of(bad), HasSubstr("before it is defined"));
  bad = good;
  bad["nodes"][0].erase("weights");
  EXPECT_THAT(error_of(bad), HasSubstr("field 'weights' is missing"));
}

/// True if no node of the graph lets a later frame change an earlier one.
void expect_causal(const Graph& graph) {
  for (const Node& node : graph.nodes) {
    if (const auto* conv = std::get_if<Conv>(&node.op)) {
      EXPECT_EQ(conv->pad_right, 0) << node.name;
      EXPECT_EQ(conv->pad_left, conv->dilation_t * (conv->kernel_t - 1)) << node.name;
    } else if (const auto* lstm = std::get_if<Lstm>(&node.op)) {
      EXPECT_FALSE(lstm->bidirectional) << node.name;
    } else if (const auto* gru = std::get_if<Gru>(&node.op)) {
      EXPECT_FALSE(gru->bidirectional) << node.name;
    } else if (const auto* attention = std::get_if<Attention>(&node.op)) {
      EXPECT_EQ(attention->right, 0) << node.name;
    }
  }
}

TEST(Causal, encoders_never_look_ahead_and_frames_are_whole_windows) {
  for (const std::string& key : own_configs().keys()) {
    if (!own_configs().at(key).has("spatial_cnn")) continue;  // a language model reads no signal
    const Model model = causal_model(key);
    const Graph& encoder = model.graph("encoder");
    expect_causal(encoder);
    const Dim frames = encoder.value(encoder.output("encoder_output").value).shape[1];
    std::int64_t samples_per_frame = 1;
    for (const Node& node : encoder.nodes) {
      if (const auto* pool = std::get_if<Pool>(&node.op)) samples_per_frame *= pool->stride;
    }
    EXPECT_EQ(frames, Dim::symbol("T") / samples_per_frame) << key;
  }
}

TEST(Causal, contradictions_are_errors_and_chunks_are_allowed) {
  Json json = own_configs().at("nest_ctc_conformer_small").to_json();
  json["causal"] = true;
  json["temporal_encoder"]["attention_right"] = 3;
  EXPECT_THROW(build_model("m", Config::from_json(json)), Error);
  json["temporal_encoder"].erase("attention_right");
  json["temporal_encoder"]["attention_chunk"] = 4;
  json["temporal_encoder"]["attention_left_chunks"] = 2;
  const Model model = build_model("m", Config::from_json(json));
  EXPECT_EQ(model.config["temporal_encoder"]["attention_left_chunks"], 2);
  json = own_configs().at("nest_ctc_small").to_json();
  json["causal"] = true;
  json["temporal_encoder"]["bidirectional"] = true;
  EXPECT_THROW(build_model("m", Config::from_json(json)), Error);
}

TEST(Bind, too_short_signals_are_told_the_shortest_length) {
  const Model model = own_model("nest_ctc");
  const TensorMap inputs{{"eeg_data", Tensor(DType::kF32, {1, 104, 20})}};
  try {
    nest::graph::bind(model.graph("encoder"), inputs);
    FAIL() << "20 samples were accepted";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("T = 20 is too short"));
    EXPECT_THAT(error.what(), HasSubstr("T must be at least 27"));
  }
  const TensorMap fits{{"eeg_data", Tensor(DType::kF32, {1, 104, 27})}};
  EXPECT_EQ(nest::graph::bind(model.graph("encoder"), fits).at("T"), 27);
}

TEST(Bind, wrong_shapes_types_and_names_are_told_the_expected_ones) {
  const Model model = own_model("nest_ctc");
  const auto error_of = [&](const TensorMap& inputs) -> std::string {
    return test::error_of([&] { nest::graph::bind(model.graph("encoder"), inputs); });
  };
  const Tensor eeg(DType::kF32, {2, 104, 500});
  EXPECT_THAT(error_of({{"eeg_data", Tensor(DType::kF32, {2, 103, 500})}}),
              HasSubstr("has shape [2, 103, 500], expected [B, 104, T]"));
  EXPECT_THAT(error_of({{"eeg_data", Tensor(DType::kF64, {2, 104, 500})}}),
              HasSubstr("is float64, expected float32"));
  EXPECT_THAT(error_of({}), HasSubstr("'eeg_data' [B, 104, T] is missing"));
  EXPECT_THAT(error_of({{"eeg_data", eeg}, {"eeg", eeg}}), HasSubstr("has no input 'eeg'"));
  EXPECT_THAT(error_of({{"eeg_data", eeg}, {"lengths", Tensor(DType::kI64, {3})}}),
              HasSubstr("B = 2 as in another input"));
}

TEST(Dump, text_has_one_line_a_node_and_dot_has_every_edge) {
  Model model = own_model("nest_attention_small");
  const Graph& graph = model.graph("decoder_step");
  const std::string text = to_text(graph);
  EXPECT_EQ(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')),
            1 + graph.inputs.size() + graph.nodes.size() + graph.outputs.size());
  EXPECT_THAT(text, HasSubstr("decoder.attention.energy_proj additive_attention hidden=64"));
  EXPECT_THAT(text, HasSubstr("feeds h"));
  EXPECT_THAT(text, Not(HasSubstr("missing")));
  EXPECT_THAT(to_text(graph, &model.weights), HasSubstr("missing"));
  const std::string dot = to_dot(graph);
  std::size_t edges = 0;
  for (std::size_t at = dot.find(" -> "); at != std::string::npos; at = dot.find(" -> ", at + 1)) {
    ++edges;
  }
  std::size_t expected = graph.outputs.size() + 2;  // two states feed the next step
  for (const Node& node : graph.nodes) {
    expected += static_cast<std::size_t>(
        std::count_if(node.inputs.begin(), node.inputs.end(), [](ValueId id) { return id >= 0; }));
  }
  EXPECT_EQ(edges, expected);
}

}  // namespace
}  // namespace nest::graph
