#pragma once

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "kernels_test_util.h"
#include "nest/compress/activation_statistics.h"
#include "nest/core/config.h"
#include "nest/core/rng.h"
#include "nest/graph/factory.h"
#include "nest/runtime/executor.h"
#include "nest/runtime/prepared.h"

namespace nest::runtime {

/// Small models with every encoder, decoder and front end the runtime has steps for.
struct Family {
  const char* name;
  const char* key;
  const char* config;
};
inline const Family kFamilies[] = {
    {"bilstm_ctc", "nest_ctc",
     "{model_name: NEST_CTC, n_channels: 6, vocab_size: 11, spatial_cnn: {type: EEGNet, "
     "n_channels: "
     "6, sampling_rate: 64, n_pointwise_filters: 8}, temporal_encoder: {type: LSTM, input_dim: 8, "
     "hidden_dim: 12, num_layers: 2, bidirectional: true}, decoder: {input_dim: 24, vocab_size: "
     "11}}"},
    {"gru_attention", "nest_attention",
     "{model_name: NEST_Attention, n_channels: 6, vocab_size: 11, spatial_cnn: {type: EEGNet, "
     "n_channels: 6, sampling_rate: 64, n_pointwise_filters: 8}, temporal_encoder: {type: GRU, "
     "input_dim: 8, hidden_dim: 12, num_layers: 2, bidirectional: true}, decoder: {vocab_size: 11, "
     "embedding_dim: 6, hidden_dim: 12, encoder_dim: 24}}"},
    {"transformer_t", "nest_transformer_t",
     "{model_name: NEST_Transformer_T, n_channels: 6, vocab_size: 11, spatial_cnn: {type: "
     "DeepConvNet, n_channels: 6, n_filters: 4}, temporal_encoder: {type: Transformer, input_dim: "
     "16, d_model: 16, nhead: 4, num_layers: 2, dim_feedforward: 32}, decoder: {vocab_size: 11, "
     "embedding_dim: 6, hidden_dim: 12, num_layers: 1}, joint: {encoder_dim: 16, decoder_dim: 12, "
     "joint_dim: 8, vocab_size: 11}}"},
    {"conformer_ctc", "nest_ctc",
     "{model_name: NEST_CTC, n_channels: 6, vocab_size: 11, spatial_cnn: {type: DeepConvNet, "
     "n_channels: 6, n_filters: 4}, temporal_encoder: {type: Conformer, input_dim: 16, d_model: "
     "16, "
     "nhead: 4, num_layers: 2, conv_kernel_size: 7}, decoder: {input_dim: 16, vocab_size: 11}}"},
    {"lstm_rnn_t", "nest_rnn_t",
     "{model_name: NEST_RNN_T, n_channels: 6, vocab_size: 11, causal: true, spatial_cnn: {type: "
     "EEGNet, n_channels: 6, sampling_rate: 64, n_pointwise_filters: 8}, temporal_encoder: {type: "
     "LSTM, input_dim: 8, hidden_dim: 12, num_layers: 2}, decoder: {vocab_size: 11, embedding_dim: "
     "6, hidden_dim: 12, num_layers: 2}, joint: {encoder_dim: 12, decoder_dim: 12, joint_dim: 8, "
     "vocab_size: 11}}"},
    {"lstm_multiplicative", "nest_attention",
     "{model_name: NEST_Attention, n_channels: 6, vocab_size: 11, spatial_cnn: {type: SpatialCNN, "
     "n_channels: 6, temporal_kernel_size: 16, n_spatial_filters: 8}, temporal_encoder: {type: "
     "LSTM, input_dim: 8, hidden_dim: 8, num_layers: 1}, decoder: {vocab_size: 11, embedding_dim: "
     "6, hidden_dim: 16, encoder_dim: 16, attention_type: multiplicative}}"},
    {"gru_location_aware", "nest_attention",
     "{model_name: NEST_Attention, n_channels: 6, vocab_size: 11, spatial_cnn: {type: EEGNet, "
     "n_channels: 6, sampling_rate: 64, n_pointwise_filters: 8}, temporal_encoder: {type: GRU, "
     "input_dim: 8, hidden_dim: 12, num_layers: 1}, decoder: {vocab_size: 11, embedding_dim: 6, "
     "hidden_dim: 12, encoder_dim: 24, attention_type: location_aware}}"},
};

inline graph::Model make_model(const Family& family) {
  graph::Model model = graph::build_model(family.key, Config::parse(family.config));
  Rng rng(11);
  graph::initialize_weights(model, rng);
  return model;
}

/// Random inputs of a graph for the given lengths.
inline TensorMap random_inputs(const graph::Graph& graph, const graph::Bindings& bindings) {
  TensorMap inputs;
  std::uint64_t seed = 17;
  for (const graph::Port& port : graph.inputs) {
    const graph::Value& value = graph.value(port.value);
    if (port.is_optional || value.dtype == DType::kBool) continue;
    Shape shape;
    for (const graph::Dim& dim : value.shape) shape.push_back(dim.eval(bindings));
    Tensor tensor(value.dtype, shape);
    ++seed;
    if (value.dtype == DType::kI64) {
      Rng rng(seed);
      for (auto& token : tensor.mutable_data<std::int64_t>())
        token = static_cast<std::int64_t>(rng.below(11));
    } else {
      const auto x = random_floats(static_cast<std::size_t>(tensor.numel()), seed);
      std::copy(x.begin(), x.end(), tensor.mutable_data<float>().begin());
    }
    inputs.emplace(port.name, std::move(tensor));
  }
  return inputs;
}

/// Axis lengths that fit every graph of the families.
inline const graph::Bindings kLengths{{"B", 2}, {"T", 400}, {"U", 3}, {"N", 4}};

/// Scales of all activations, from one run of every graph on random inputs.
inline auto scales_of(const graph::Model& model) {
  compress::ActivationStatistics seen({.calibrator = compress::Calibrator::kMinMax});
  NativeExecutor executor(prepare(model, {}, &seen));
  for (const auto& [name, graph] : model.graphs) executor.run(name, random_inputs(graph, kLengths));
  return seen.scales();
}

/// "int8 static": 8-bit activations of fixed scale, convolutions included.
inline std::shared_ptr<const PreparedModel> prepare(const Family& family,
                                                    const std::string& precision) {
  graph::Model model = make_model(family);
  if (precision.ends_with("static")) model.quantization.activations = scales_of(model);
  model.quantization.precision =
      from_name<graph::Precision>(precision.substr(0, precision.find(' ')));
  return prepare(std::move(model));
}

inline std::shared_ptr<Machine> machine_of(int threads) {
  return std::make_shared<Machine>(MachineOptions{.threads = threads});
}

inline constexpr const char* kPrecisions[] = {"fp32", "fp16",        "bf16",
                                              "int8", "int8 static", "int4"};

#define NEST_EVERY_FAMILY(Fixture)                                       \
  INSTANTIATE_TEST_SUITE_P(Model, Fixture, testing::ValuesIn(kFamilies), \
                           [](const auto& info) { return std::string(info.param.name); })

}  // namespace nest::runtime
