#include "nest/graph/units.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/graph/rewrite.h"
#include "tests/support/error_of.h"
#include "tests/support/unit_models.h"
#include "tests/support/unit_runs.h"

namespace nest::graph {
namespace {

using ::testing::HasSubstr;

Model model_named(const std::string& name) {
  for (const test::UnitModel& item : test::unit_models()) {
    if (item.name == name) return test::make_unit_model(item);
  }
  ADD_FAILURE() << "no model " << name;
  return {};
}

/// "temporal_encoder.lstm: 6 hidden in l0 l0r l1 l1r"
std::string text_of(const UnitGroup& group) {
  std::string text = fmt::format("{}: {} {}", group.name, group.count, name_of(group.kind));
  if (!group.is_exact) text += " inexact";
  for (const UnitPart& part : group.parts) text += part.name.empty() ? "" : " " + part.name;
  return text;
}

std::vector<std::string> texts_of(const Model& model) {
  std::vector<std::string> texts;
  for (const UnitGroup& group : unit_groups(model)) texts.push_back(text_of(group));
  return texts;
}

const UnitGroup& group_of(const std::vector<UnitGroup>& groups, const std::string& name) {
  for (const UnitGroup& group : groups) {
    if (group.name == name) return group;
  }
  throw std::runtime_error("no group " + name);
}

TEST(UnitGroups,
     of_a_recurrent_ctc_model_are_filters_and_hidden_units_of_every_layer_and_direction) {
  EXPECT_THAT(texts_of(model_named("bilstm_ctc")),
              testing::UnorderedElementsAre("spatial_cnn.block1_conv: 8 channel",
                                            "spatial_cnn.block2_separable2: 6 channel",
                                            "temporal_encoder.lstm: 6 hidden l0 l0r l1 l1r"));
}

TEST(UnitGroups, of_a_transformer_transducer_are_heads_feed_forward_stream_predictor_and_joint) {
  const std::string layer = "temporal_encoder.transformer_encoder.layers.";
  EXPECT_THAT(
      texts_of(model_named("transformer_transducer")),
      testing::UnorderedElementsAre(
          "spatial_cnn.conv1: 4 channel", "spatial_cnn.conv2: 4 channel",
          "spatial_cnn.conv3: 8 channel", "spatial_cnn.conv4: 16 channel",
          "temporal_encoder.input_proj: 8 feature inexact", layer + "0.self_attn: 4 head",
          layer + "0.linear1: 10 feature", layer + "1.self_attn: 4 head",
          layer + "1.linear1: 10 feature", "prediction_network.embedding: 5 feature",
          "prediction_network.lstm: 7 hidden l0 l1", "joint_network.encoder_proj: 9 feature"));
}

TEST(UnitGroups, of_a_conformer_reach_through_gates_and_depthwise_convolutions) {
  const auto groups = unit_groups(model_named("conformer_ctc"));
  const std::string path = "temporal_encoder.conformer_blocks.0.conv.";
  const UnitGroup& group = group_of(groups, path + "pointwise_conv1");
  EXPECT_EQ(group.count, 8);
  for (const UnitSlice& slice : group.parts.at(0).slices) {
    if (slice.weight == path + "pointwise_conv1.weight") {
      EXPECT_EQ(slice.indices.at(3), (std::vector<std::int64_t>{3, 11})) << "value and gate";
    }
    EXPECT_EQ(slice.is_reader, slice.weight == path + "pointwise_conv2.weight") << slice.weight;
  }
  EXPECT_EQ(group.parts[0].slices.size(), 9U);
}

TEST(UnitGroups, heads_are_rows_of_packed_weights_and_columns_of_the_projection) {
  const auto groups = unit_groups(model_named("transformer_transducer"));
  const std::string path = "temporal_encoder.transformer_encoder.layers.0.self_attn";
  const UnitGroup& group = group_of(groups, path);
  const std::vector<UnitSlice>& slices = group.parts.at(0).slices;
  ASSERT_EQ(slices.size(), 3U);
  EXPECT_EQ(slices[0].weight, path + ".in_proj_weight");
  EXPECT_EQ(slices[0].indices.at(1), (std::vector<std::int64_t>{2, 3, 10, 11, 18, 19}));
  EXPECT_EQ(slices[2].weight, path + ".out_proj.weight");
  EXPECT_EQ(slices[2].axis, 1);
  EXPECT_TRUE(slices[2].is_reader);
  EXPECT_EQ(slices[2].indices.at(1), (std::vector<std::int64_t>{2, 3}));
}

TEST(UnitGroups, of_grouped_convolutions_are_whole_groups) {
  EXPECT_THAT(texts_of(model_named("grouped_convolutions")),
              testing::UnorderedElementsAre("first: 4 channel", "strided: 3 channel"));
}

TEST(UnitGroups, averaged_heads_and_streams_under_a_layer_norm_are_not_exact) {
  const auto groups = unit_groups(model_named("lstm_multiplicative"));
  EXPECT_FALSE(group_of(groups, "decoder.attention").is_exact);
  EXPECT_TRUE(group_of(groups, "decoder.attention.out_proj").is_exact);
}

TEST(RemoveUnits, shortens_shapes_attributes_and_rows_everywhere) {
  Model model = model_named("transformer_transducer");
  const std::string path = "temporal_encoder.transformer_encoder.layers.0.self_attn";
  const auto groups = unit_groups(model);
  const Tensor before = model.weights.at(path + ".in_proj_bias");
  remove_units(model, group_of(groups, path), {{0, 3}});
  const Graph& graph = model.graph("encoder");
  for (const Node& node : graph.nodes) {
    if (node.name == path) {
      EXPECT_EQ(std::get<Attention>(node.op).num_heads, 2);
      EXPECT_EQ(std::get<Attention>(node.op).embed_dim, 4);
    }
    if (node.name == path + ".k_proj") {
      EXPECT_EQ(node.weights[0].row_begin, 4);
      EXPECT_EQ(node.weights[0].row_end, 8);
    }
  }
  const Tensor& after = model.weights.at(path + ".in_proj_bias");
  ASSERT_EQ(after.shape(), (Shape{12}));
  const std::vector<std::size_t> kept{0, 1, 6, 7, 8, 9, 14, 15, 16, 17, 22, 23};
  for (std::size_t i = 0; i < kept.size(); ++i) {
    EXPECT_EQ(after.data<float>()[i], before.data<float>()[kept[i]]) << i;
  }
}

TEST(RemoveUnits, shortens_the_ports_between_graphs) {
  Model model = model_named("bilstm_ctc");
  const auto groups = unit_groups(model);
  remove_units(model, group_of(groups, "temporal_encoder.lstm"), {{0, 1}, {2, 3}, {0, 5}, {4, 5}});
  const Graph& head = model.graph("ctc_head");
  EXPECT_EQ(head.value(head.input("encoder_output").value).shape[2], Dim(4));
  EXPECT_EQ(model.weights.at("ctc_decoder.output_proj.weight").shape(), (Shape{11, 4}));
}

TEST(RemoveUnits, takes_initial_values_along) {
  Model model = model_named("causal_filter_bank_gru");
  const auto groups = unit_groups(model);
  remove_units(model, group_of(groups, "spatial_cnn.temporal"), {{1}});
  Rng rng(1);
  EXPECT_NO_THROW(initialize_weights(model, rng));
  EXPECT_EQ(model.weights.at("spatial_cnn.temporal.bank").dim(0), 2);
}

std::string error_of(Model model, const UnitGroup& group, const UnitChoice& keep) {
  return test::error_of([&] { remove_units(model, group, keep); });
}

TEST(RemoveUnits, what_cannot_be_is_one_clear_error) {
  const Model model = model_named("bilstm_ctc");
  const auto groups = unit_groups(model);
  const UnitGroup& lstm = group_of(groups, "temporal_encoder.lstm");
  const std::vector<std::int64_t> two{0, 1};
  EXPECT_THAT(error_of(model, lstm, {two}), HasSubstr("for 1 parts, it has 4"));
  EXPECT_THAT(error_of(model, lstm, {two, two, two, {1}}),
              HasSubstr("1 units of part l1r of 'temporal_encoder.lstm' would be left, but 2 of "
                        "part l0; all parts keep equally many"));
  EXPECT_THAT(error_of(model, lstm, {two, two, {0, 6}, two}), HasSubstr("within [0, 6)"));
  EXPECT_THAT(error_of(model, lstm, {two, two, {1, 0}, two}), HasSubstr("must ascend"));
  EXPECT_THAT(error_of(model, lstm, {{}, {}, {}, {}}), HasSubstr("no unit"));
  Model smaller = model;
  remove_units(smaller, lstm, {two, two, two, two});
  EXPECT_THAT(error_of(smaller, lstm, {two, two, two, two}), HasSubstr("ask unit_groups() again"));
  // One unit is no group: nothing of it could go.
  const std::vector<std::int64_t> one{0};
  remove_units(smaller, group_of(unit_groups(smaller), "temporal_encoder.lstm"),
               {one, one, one, one});
  for (const UnitGroup& group : unit_groups(smaller)) EXPECT_NE(group.name, lstm.name);
}

TEST(MaskUnits, leaves_buffers_and_other_units_alone) {
  Model model = model_named("bilstm_ctc");
  const Model before = model;
  const auto groups = unit_groups(model);
  mask_units(model, group_of(groups, "spatial_cnn.block2_separable2"), {{0, 1, 2, 4, 5}});
  EXPECT_TRUE(bit_equal(model.weights.at("spatial_cnn.block2_bn.running_var"),
                        before.weights.at("spatial_cnn.block2_bn.running_var")));
  const Tensor& scale = model.weights.at("spatial_cnn.block2_bn.weight");
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(scale.data<float>()[i],
              i == 3 ? 0 : before.weights.at("spatial_cnn.block2_bn.weight").data<float>()[i]);
  }
}

TEST(ReplaceWeights, takes_what_fits_and_refuses_the_rest_as_a_whole) {
  Model model = model_named("bilstm_ctc");
  const std::string name = "ctc_decoder.output_proj.bias";
  const Tensor half = Tensor(DType::kF16, {11});
  replace_weights(model, {{name, half}});
  EXPECT_TRUE(bit_equal(model.weights.at(name), half));
  try {
    replace_weights(model, {{name, Tensor(DType::kF32, {11})},
                            {"stranger", Tensor(DType::kF32, {1})},
                            {"ctc_decoder.output_proj.weight", Tensor(DType::kF32, {2})}});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("unknown: stranger [1]"));
    EXPECT_THAT(error.what(), HasSubstr("misshapen: ctc_decoder.output_proj.weight"));
  }
  EXPECT_TRUE(bit_equal(model.weights.at(name), half));
}

}  // namespace
}  // namespace nest::graph
