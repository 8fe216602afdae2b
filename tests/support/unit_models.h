#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "nest/core/config.h"
#include "nest/core/rng.h"
#include "nest/graph/factory.h"
#include "tests/support/causal_models.h"
#include "tests/support/one_node.h"

/// Small models in which every kind of unit group occurs.
namespace nest::test {

struct UnitModel {
  std::string name;
  std::string key;  ///< of a model, or a block's class; empty: grouped_convolutions()
  std::string config;
};
inline void PrintTo(const UnitModel& item, std::ostream* out) {
  *out << item.name;
}

inline std::vector<UnitModel> causal_unit_models() {
  std::vector<UnitModel> models;
  for (const CausalCase& item : causal_cases()) {
    models.push_back({"causal_" + item.name, "nest_ctc",
                      "{causal: true, n_channels: 5, spatial_cnn: " + item.front_end +
                          ", temporal_encoder: " + item.encoder + ", decoder: {vocab_size: 11}}"});
  }
  return models;
}

inline std::vector<UnitModel> unit_models() {
  const std::string eegnet =
      "n_channels: 5, spatial_cnn: {type: EEGNet, n_channels: 5, sampling_rate: 32, "
      "n_pointwise_filters: 6}, ";
  const std::string deep =
      "n_channels: 5, spatial_cnn: {type: DeepConvNet, n_channels: 5, "
      "n_filters: 4, pool_size: 2}, ";
  const std::string joint =
      "decoder: {vocab_size: 11, embedding_dim: 5, hidden_dim: 7, "
      "num_layers: 2}, joint: {joint_dim: 9}}";
  const std::string attention_decoder =
      "decoder: {vocab_size: 11, embedding_dim: 5, hidden_dim: 8, num_layers: 2, attention_type: ";
  std::vector<UnitModel> models{
      {"bilstm_ctc", "nest_ctc",
       "{" + eegnet +
           "temporal_encoder: {type: LSTM, hidden_dim: 6, num_layers: 2, "
           "bidirectional: true}, decoder: {vocab_size: 11}}"},
      {"bigru_transducer", "nest_rnn_t",
       "{" + eegnet + "temporal_encoder: {type: GRU, hidden_dim: 6, num_layers: 3}, " + joint},
      {"transformer_transducer", "nest_transformer_t",
       "{" + deep +
           "temporal_encoder: {type: Transformer, d_model: 8, nhead: 4, num_layers: 2, "
           "dim_feedforward: 10}, " +
           joint},
      {"conformer_ctc", "nest_ctc",
       "{" + deep +
           "temporal_encoder: {type: Conformer, d_model: 8, nhead: 2, num_layers: 2, "
           "conv_kernel_size: 5}, decoder: {vocab_size: 11}}"},
      {"gru_additive", "nest_attention",
       "{" + eegnet + "temporal_encoder: {type: GRU, hidden_dim: 6}, " + attention_decoder +
           "additive}}"},
      {"gru_location_aware", "nest_attention",
       "{" + eegnet + "temporal_encoder: {type: GRU, hidden_dim: 6}, " + attention_decoder +
           "location_aware}}"},
      {"lstm_multiplicative", "nest_attention",
       "{" + deep + "temporal_encoder: {type: LSTM, hidden_dim: 4, num_layers: 2}, " +
           attention_decoder + "multiplicative}}"},
      {"language_model", "nest_lm", "{vocab_size: 11, embedding_dim: 5, hidden_dim: 7}"},
      {"cross_attention", "CrossAttention", "{eeg_dim: 5, text_dim: 8, num_heads: 4}"},
      {"additive_attention", "AdditiveAttention", "{query_dim: 4, key_dim: 5, hidden_dim: 6}"},
      {"location_aware_attention", "LocationAwareAttention",
       "{query_dim: 4, key_dim: 5, hidden_dim: 6, num_filters: 4, kernel_size: 3}"},
      {"relative_attention", "RelativePositionAttention",
       "{d_model: 8, nhead: 4, max_relative_position: 3}"},
      {"local_attention", "LocalAttention", "{d_model: 8, nhead: 4, window_size: 2}"},
      {"linear_attention", "LinearAttention", "{d_model: 8, nhead: 4}"},
      {"grouped_convolutions", "", "{}"},
  };
  for (const UnitModel& item : causal_unit_models()) models.push_back(item);
  return models;
}

/// Grouped, strided and dilated convolutions around batch norm, pooling and a gate.
inline graph::Model grouped_convolutions() {
  graph::Model model;
  graph::Graph graph;
  graph.name = "block";
  const auto add = [&](const std::string& name, const graph::Op& op, graph::ValueId x) {
    return graph.add_node(name, op, {x}, weight_refs(op, name))[0];
  };
  graph::ValueId x =
      graph.add_input("x", DType::kF32, {graph::Dim::symbol("B"), 4, graph::Dim::symbol("T")}, 2);
  x = add("first", graph::Conv{.in_channels = 4, .out_channels = 8, .kernel_t = 3}, x);
  x = add(
      "grouped",
      graph::Conv{.in_channels = 8, .out_channels = 12, .kernel_t = 4, .pad_left = 2, .groups = 4},
      x);
  x = add("norm", graph::BatchNorm{.channels = 12}, x);
  x = add("elu", graph::Activate{graph::Activation::kElu}, x);
  x = add("pool", graph::Pool{graph::Pool::Kind::kMax, 3, 2}, x);
  x = add("strided",
          graph::Conv{
              .in_channels = 12, .out_channels = 6, .kernel_t = 3, .stride_t = 2, .dilation_t = 2},
          x);
  x = add("gate", graph::Glu{1}, x);
  x = add("last", graph::Conv{.in_channels = 3, .out_channels = 5}, x);
  graph.add_output("output", x);
  model.graphs.emplace("block", std::move(graph));
  return model;
}

/// A DeepConvNet under a BiLSTM of 16 units with a CTC head, random weights.
inline graph::Model small_bilstm(int layers) {
  graph::Model model = graph::build_model(
      "nest_ctc",
      Config::parse("{n_channels: 5, spatial_cnn: {type: DeepConvNet, n_channels: 5, n_filters: 8, "
                    "pool_size: 2}, temporal_encoder: {type: LSTM, hidden_dim: 16, num_layers: " +
                        std::to_string(layers) +
                        ", bidirectional: true}, decoder: {vocab_size: 11}}",
                    "test"));
  Rng rng(5);
  graph::initialize_weights(model, rng);
  return model;
}

/// With random weights; statistics and scales of batch norms are no ones and zeros.
inline graph::Model make_unit_model(const UnitModel& item) {
  const Config config = Config::parse(item.config, item.name);
  graph::Model model = item.key.empty()                ? grouped_convolutions()
                       : item.key.starts_with("nest_") ? graph::build_model(item.key, config)
                                                       : graph::build_block(item.key, config);
  // As an output, the weights of all heads would keep their number.
  for (auto& [name, graph] : model.graphs) {
    std::erase_if(graph.outputs, [](const graph::Port& port) { return port.name == "output_1"; });
  }
  Rng rng(61);
  graph::initialize_weights(model, rng);
  for (const auto& [graph_name, graph] : model.graphs) {
    for (const graph::Node& node : graph.nodes) {
      if (!std::holds_alternative<graph::BatchNorm>(node.op)) continue;
      for (std::size_t i = 0; i < 4; ++i) {
        for (float& x : model.weights.at(node.weights[i].name).mutable_data<float>()) {
          x = static_cast<float>(i == 0 || i == 3 ? rng.uniform(0.5, 2) : 0.3 * rng.normal());
        }
      }
    }
  }
  return model;
}

}  // namespace nest::test
