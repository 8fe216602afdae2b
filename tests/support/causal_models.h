#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "nest/core/config.h"
#include "nest/core/rng.h"
#include "nest/graph/factory.h"

/// Small causal models: every front end, every encoder, every kind of attention window.
namespace nest::test {

inline constexpr std::int64_t kCausalChannels = 5;

struct CausalCase {
  std::string name;
  std::string front_end;
  std::string encoder;
};
inline void PrintTo(const CausalCase& item, std::ostream* out) {
  *out << item.name;
}

inline std::vector<CausalCase> causal_cases() {
  const std::string eegnet =
      "{type: EEGNet, n_channels: 5, sampling_rate: 64, n_pointwise_filters: 8}";
  const std::string spatial =
      "{type: SpatialCNN, n_channels: 5, temporal_kernel_size: 9, n_temporal_filters: 4, "
      "n_spatial_filters: 8, pool_size: 3}";
  const std::string deep = "{type: DeepConvNet, n_channels: 5, n_filters: 4, pool_size: 2}";
  const std::string bank =
      "{type: FilterBank, n_channels: 5, sampling_rate: 64, frequencies_hz: [8, 11.5], "
      "kernel_size: 27, stride: 4, pool_size: 3, n_spatial_filters: 6}";
  const std::string lstm = "{type: LSTM, hidden_dim: 12, num_layers: 2}";
  const std::string gru = "{type: GRU, hidden_dim: 12, num_layers: 2}";
  const auto attention = [](const std::string& type, const std::string& window) {
    return "{type: " + type + ", d_model: 16, nhead: 4, num_layers: 2, dim_feedforward: 24, " +
           window + "}";
  };
  const std::string left = "attention_left: 9", own = "attention_left: 0",
                    chunk = "attention_chunk: 3, attention_left_chunks: 2",
                    alone = "attention_chunk: 4, attention_left_chunks: 0",
                    kernel = ", conv_kernel_size: 7";
  return {
      {"eegnet_lstm", eegnet, lstm},
      {"eegnet_gru", eegnet, gru},
      {"spatial_cnn_lstm", spatial, lstm},
      {"filter_bank_gru", bank, gru},
      {"deepconvnet_gru", deep, gru},
      {"filter_bank_transformer", bank, attention("Transformer", left)},
      {"deepconvnet_transformer_left", deep, attention("Transformer", left)},
      {"eegnet_transformer_own_frame", eegnet, attention("Transformer", own)},
      {"deepconvnet_transformer_chunks", deep, attention("Transformer", chunk)},
      {"deepconvnet_conformer_left", deep, attention("Conformer", left + kernel)},
      {"spatial_cnn_conformer_chunks", spatial, attention("Conformer", chunk + kernel)},
      {"deepconvnet_conformer_one_chunk", deep, attention("Conformer", alone + kernel)},
  };
}

/// A causal CTC model of the case with random weights and batch-norm statistics.
inline graph::Model make_causal_model(const CausalCase& item) {
  const std::string text = "causal: true\nspatial_cnn: " + item.front_end +
                           "\ntemporal_encoder: " + item.encoder + "\ndecoder: {vocab_size: 7}\n";
  graph::Model model = graph::build_model("nest_ctc", Config::parse(text, item.name));
  Rng rng(23);
  graph::initialize_weights(model, rng);
  for (auto& [name, tensor] : model.weights) {
    const bool is_mean = name.ends_with("running_mean"),
               is_variance = name.ends_with("running_var");
    if (!is_mean && !is_variance) continue;
    for (float& value : tensor.mutable_data<float>()) {
      value = static_cast<float>(is_mean ? rng.normal() * 0.2 : rng.uniform(0.5, 2));
    }
  }
  return model;
}

}  // namespace nest::test
