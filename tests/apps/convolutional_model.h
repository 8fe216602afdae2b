#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "nest/core/config.h"
#include "nest/core/rng.h"
#include "nest/deploy/model_file.h"
#include "nest/graph/factory.h"
#include "nest/text/character_tokenizer.h"

namespace nest::test {

/// A CTC model with convolutions over 19 channels at 128 Hz, as "nest synth" makes signals, an LSTM
/// of `hidden` units and random weights.
inline void save_convolutional_model(const std::filesystem::path& path, int hidden) {
  graph::Model model = graph::build_model(
      "nest_ctc",
      Config::parse("spatial_cnn: {type: DeepConvNet, n_channels: 19, n_filters: 8}\n"
                    "temporal_encoder: {type: LSTM, hidden_dim: " +
                    std::to_string(hidden) + ", num_layers: 1}\ndecoder: {vocab_size: 9}\n"));
  Rng rng(5);
  graph::initialize_weights(model, rng);
  model.signal.rate_hz = 128;
  model.signal.unit = "uV";
  model.signal.normalization = graph::Normalization::kZscore;
  const std::vector<std::string> texts = {"ab cd"};
  model.vocabulary.tokenizer = text::CharacterTokenizer::train(texts, {})->to_json();
  deploy::save_model(model, path);
}

}  // namespace nest::test
