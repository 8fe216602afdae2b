#pragma once

#include "nest/core/config.h"
#include "nest/core/rng.h"
#include "nest/graph/factory.h"

namespace nest::profile {

/// A small attention model with random weights: an encoder and a stepwise decoder.
inline graph::Model small_model() {
  graph::Model model = graph::build_model(
      "nest_attention",
      Config::parse(
          "{model_name: NEST_Attention, n_channels: 4, vocab_size: 11, spatial_cnn: "
          "{type: EEGNet, n_channels: 4, sampling_rate: 64, n_pointwise_filters: 8}, "
          "temporal_encoder: {type: GRU, input_dim: 8, hidden_dim: 12, num_layers: 2}, "
          "decoder: {vocab_size: 11, embedding_dim: 6, hidden_dim: 12, encoder_dim: 24}}"));
  Rng rng(5);
  graph::initialize_weights(model, rng);
  return model;
}

}  // namespace nest::profile
