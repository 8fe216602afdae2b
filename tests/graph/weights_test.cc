#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/graph/factory.h"
#include "nest/graph/rewrite.h"

namespace nest::graph {
namespace {

using ::testing::HasSubstr;

Model small_model() {
  return build_model("nest_transformer_t", Config::parse(R"(
spatial_cnn: {type: EEGNet, n_channels: 4, sampling_rate: 32, n_pointwise_filters: 8}
temporal_encoder: {type: Transformer, d_model: 8, nhead: 2, num_layers: 1, dim_feedforward: 16}
decoder: {vocab_size: 10, embedding_dim: 4, hidden_dim: 6, num_layers: 1}
joint: {joint_dim: 8}
)"));
}

double largest(const Tensor& tensor) {
  double most = 0;
  for (const float value : tensor.data<float>()) most = std::max(most, std::fabs(double{value}));
  return most;
}

TEST(Initialize, follows_the_defaults_of_torch_and_the_seed) {
  Model a = small_model();
  Model b = small_model();
  Rng rng_a(7);
  Rng rng_b(7);
  initialize_weights(a, rng_a);
  initialize_weights(b, rng_b);
  for (const auto& [name, tensor] : a.weights) EXPECT_TRUE(bit_equal(tensor, b.weights.at(name)));
  EXPECT_NO_THROW(validate(a.graph("encoder"), &a.weights));
  const auto bounded = [&](const std::string& name, double bound) {
    const double most = largest(a.weights.at(name));
    EXPECT_LE(most, bound) << name;
    EXPECT_GT(most, 0.8 * bound) << name;
  };
  bounded("spatial_cnn.block1_conv.weight", 1 / std::sqrt(16.0));
  bounded("prediction_network.lstm.weight_ih_l0", 1 / std::sqrt(6.0));
  bounded("temporal_encoder.transformer_encoder.layers.0.linear2.weight", 1 / std::sqrt(16.0));
  bounded("temporal_encoder.transformer_encoder.layers.0.self_attn.in_proj_weight",
          std::sqrt(6.0 / (24 + 8)));
  EXPECT_EQ(largest(a.weights.at(
                "temporal_encoder.transformer_encoder.layers.0.self_attn.out_proj.bias")),
            0);
  EXPECT_EQ(a.weights.at("spatial_cnn.block1_bn.running_var").data<float>()[0], 1.0F);
  EXPECT_EQ(a.weights.at("spatial_cnn.block1_bn.running_mean").data<float>()[0], 0.0F);
  const auto table = a.weights.at("temporal_encoder.pos_encoder.pe").data<float>();
  for (const std::size_t position : {0U, 1U, 37U}) {
    for (std::size_t i = 0; i < 8; ++i) {
      const double angle =
          static_cast<double>(position) * std::pow(10000.0, -static_cast<double>(i - i % 2) / 8);
      EXPECT_NEAR(table[position * 8 + i], i % 2 == 0 ? std::sin(angle) : std::cos(angle), 1e-5);
    }
  }
}

TEST(LoadWeights, one_error_lists_every_missing_extra_and_misshapen_tensor) {
  Model model = small_model();
  Rng rng(1);
  initialize_weights(model, rng);
  TensorMap state = model.weights;
  EXPECT_NO_THROW(load_weights(model, state));
  state.erase("joint_network.output_proj.bias");
  state["joint_network.encoder_proj.weight"] = Tensor(DType::kF32, {8, 9});
  state["spatial_cnn.block1_bn.num_batches_tracked"] = Tensor(DType::kF32, {});
  state["decoder.extra"] = Tensor(DType::kF32, {3});
  try {
    load_weights(model, state);
    FAIL() << "a state dict that does not fit was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kDataCorrupt);
    EXPECT_THAT(error.what(), HasSubstr("missing: joint_network.output_proj.bias [10]"));
    EXPECT_THAT(error.what(),
                HasSubstr("misshapen: joint_network.encoder_proj.weight is [8, 9], needs [8, 8]"));
    EXPECT_THAT(error.what(), HasSubstr("wrong type: spatial_cnn.block1_bn.num_batches_tracked"));
    EXPECT_THAT(error.what(), HasSubstr("extra: decoder.extra [3]"));
  }
}

/// A convolution over time, with or without the batch norm behind it, in double.
struct Layer {
  std::vector<double> weight, bias, gamma, beta, mean, variance;
  std::size_t channels = 0, inputs = 0, kernel = 0;

  std::vector<double> run(const std::vector<double>& x, bool has_norm) const {
    const std::size_t length = x.size() / inputs;
    const std::size_t frames = length - kernel + 1;
    std::vector<double> y;
    for (std::size_t c = 0; c < channels; ++c) {
      for (std::size_t t = 0; t < frames; ++t) {
        double sum = bias.empty() ? 0 : bias[c];
        for (std::size_t i = 0; i < inputs; ++i) {
          for (std::size_t k = 0; k < kernel; ++k) {
            sum += weight[(c * inputs + i) * kernel + k] * x[i * length + t + k];
          }
        }
        y.push_back(has_norm ? (sum - mean[c]) / std::sqrt(variance[c] + 1e-5) * gamma[c] + beta[c]
                             : sum);
      }
    }
    return y;
  }
};

TEST(FoldBatchNorm, folded_convolution_computes_the_same) {
  constexpr std::int64_t kIn = 3, kOut = 4, kKernel = 5, kTime = 12;
  for (const bool has_bias : {false, true}) {
    Graph graph;
    graph.name = "g";
    const ValueId x =
        graph.add_input("x", DType::kF32, {Dim::symbol("B"), kIn, Dim::symbol("T")}, 2);
    std::vector<WeightRef> conv_weights{{"conv.weight"}};
    if (has_bias) conv_weights.push_back({"conv.bias"});
    const ValueId y = graph.add_node(
        "conv",
        Conv{.in_channels = kIn, .out_channels = kOut, .kernel_t = kKernel, .has_bias = has_bias},
        {x}, conv_weights)[0];
    const ValueId z = graph.add_node("bn", BatchNorm{.channels = kOut}, {y},
                                     {{"bn.weight"},
                                      {"bn.bias"},
                                      {"bn.running_mean"},
                                      {"bn.running_var"},
                                      {"bn.num_batches_tracked"}})[0];
    graph.add_output("y", z);
    Model model;
    model.graphs.emplace("g", graph);
    TensorMap& weights = model.weights;
    Rng rng(5);
    for (const WeightInfo& info : weight_infos(graph)) {
      Tensor tensor(info.dtype, info.shape);
      if (info.dtype == DType::kF32) {
        for (float& value : tensor.mutable_data<float>()) {
          value = static_cast<float>(rng.uniform(0.2, 1.5));
        }
      }
      weights[info.name] = tensor;
    }
    const auto values = [&](const std::string& name) {
      if (!weights.contains(name)) return std::vector<double>{};
      const auto data = weights.at(name).data<float>();
      return std::vector<double>(data.begin(), data.end());
    };
    const Layer before{values("conv.weight"),
                       values("conv.bias"),
                       values("bn.weight"),
                       values("bn.bias"),
                       values("bn.running_mean"),
                       values("bn.running_var"),
                       kOut,
                       kIn,
                       kKernel};
    EXPECT_EQ(fold_batch_norm(model), 1);
    const Graph& folded = model.graph("g");
    EXPECT_NO_THROW(validate(folded, &weights));
    ASSERT_EQ(folded.nodes.size(), 1U);
    EXPECT_EQ(folded.values.size(), 2U);
    EXPECT_EQ(weights.size(), 2U);
    Layer after = before;
    after.weight = values("conv.weight");
    after.bias = values("conv.bias");
    std::vector<double> input;
    for (std::int64_t i = 0; i < kIn * kTime; ++i) input.push_back(rng.normal());
    const std::vector<double> expected = before.run(input, true);
    const std::vector<double> got = after.run(input, false);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(got[i], expected[i], 1e-5 * (1 + std::fabs(expected[i])));
    }
  }
}

TEST(FoldBatchNorm, whole_models_lose_exactly_the_norms_behind_convolutions) {
  Model model = small_model();
  Rng rng(3);
  initialize_weights(model, rng);
  EXPECT_EQ(fold_batch_norm(model), 3);
  for (const auto& [name, graph] : model.graphs) {
    EXPECT_NO_THROW(validate(graph, &model.weights)) << name;
    for (const Node& node : graph.nodes) EXPECT_NE(kind_name(node.op), "batch_norm");
  }
  EXPECT_FALSE(model.weights.contains("spatial_cnn.block1_bn.weight"));
  EXPECT_EQ(fold_batch_norm(model), 0);
}

/// A batch norm behind a convolution; with a shortcut, something else reads the convolution too.
Graph conv_and_norm(const std::string& name, bool is_shortcut) {
  Graph graph;
  graph.name = name;
  const ValueId x = graph.add_input("x", DType::kF32, {Dim::symbol("B"), 2, Dim::symbol("T")}, 2);
  const ValueId y = graph.add_node(
      "conv", Conv{.in_channels = 2, .out_channels = 2, .has_bias = false}, {x}, {{"w"}})[0];
  graph.add_output("z", graph.add_node("bn", BatchNorm{.channels = 2}, {y},
                                       {{"g"}, {"b"}, {"m"}, {"v"}, {"n"}})[0]);
  if (is_shortcut) graph.add_output("y", y);
  return graph;
}

TEST(FoldBatchNorm, a_convolution_that_something_else_reads_is_left_alone) {
  Graph graph = conv_and_norm("g", true);
  EXPECT_TRUE(fold_batch_norm(graph).empty());
  EXPECT_EQ(graph.nodes.size(), 2U);
}

Model two_graphs(bool is_shortcut) {
  Model model;
  model.graphs.emplace("a", conv_and_norm("a", false));
  model.graphs.emplace("b", conv_and_norm("b", is_shortcut));
  for (const WeightInfo& info : weight_infos(model)) {
    model.weights[info.name] = Tensor(info.dtype, info.shape);
  }
  return model;
}

TEST(FoldBatchNorm, graphs_with_the_same_weights_are_folded_together_or_not_at_all) {
  Model model = two_graphs(false);
  EXPECT_EQ(fold_batch_norm(model), 1);
  for (const auto& [name, graph] : model.graphs) {
    EXPECT_EQ(graph.nodes.size(), 1U) << name;
    EXPECT_NO_THROW(validate(graph, &model.weights));
  }
  EXPECT_EQ(model.weights.size(), 2U);
  Model other = two_graphs(true);
  EXPECT_EQ(fold_batch_norm(other), 0);
  EXPECT_EQ(other.graph("a").nodes.size(), 2U);
  EXPECT_EQ(other.weights.size(), 6U);
}

}  // namespace
}  // namespace nest::graph
