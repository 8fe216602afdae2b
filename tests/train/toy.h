#pragma once

#include <memory>
#include <vector>

#include "nest/core/config.h"
#include "nest/core/rng.h"
#include "nest/graph/factory.h"
#include "nest/train/trainer.h"

namespace nest::train {

/// A small model of each family: 2 channels, vocabulary 6 (0 blank, 2 start, 3 end, 4 and 5 text).
inline graph::Model toy_model(const std::string& key, double dropout = 0) {
  const std::string front =
      "n_channels: 2\nvocab_size: 6\nspatial_cnn: {type: EEGNet, n_channels: 2, sampling_rate: 16, "
      "n_temporal_filters: 4, n_pointwise_filters: 8, dropout: " +
      std::to_string(dropout) + "}\n";
  const std::string lstm =
      "temporal_encoder: {type: LSTM, input_dim: 8, hidden_dim: 8, num_layers: 1, "
      "bidirectional: true}\n";
  std::string text = front + lstm;
  if (key == "nest_ctc") text += "decoder: {vocab_size: 6}\n";
  if (key == "nest_rnn_t") {
    text +=
        "decoder: {vocab_size: 6, embedding_dim: 4, hidden_dim: 8, num_layers: 1}\n"
        "joint: {encoder_dim: 16, decoder_dim: 8, joint_dim: 8, vocab_size: 6}\n";
  }
  if (key == "nest_attention") {
    text +=
        "decoder: {vocab_size: 6, embedding_dim: 4, encoder_dim: 16, hidden_dim: 8, "
        "num_layers: 1, dropout: 0}\n";
  }
  graph::Model model = graph::build_model(key, Config::parse(text, "toy"));
  Rng rng(5, "toy weights");
  graph::initialize_weights(model, rng);
  return model;
}

/// Utterances whose tokens are tones of two frequencies: one to three symbols, 96 samples each.
inline std::vector<Example> toy_examples(std::size_t count, std::uint64_t seed = 1) {
  constexpr std::int64_t kSymbolSamples = 96;
  std::vector<Example> examples;
  for (std::size_t i = 0; i < count; ++i) {
    Rng rng(seed, "toy", i);
    const auto symbols = static_cast<std::int64_t>(1 + rng.below(3));
    Example example{"u" + std::to_string(i),
                    "s" + std::to_string(i % 2),
                    Tensor(DType::kF32, {2, symbols * kSymbolSamples}),
                    {},
                    ""};
    for (std::int64_t s = 0; s < symbols; ++s) {
      const auto token = static_cast<std::int64_t>(4 + rng.below(2));
      example.tokens.push_back(token);
      example.text += token == 4 ? 'A' : 'B';
    }
    const auto samples = example.signal.dim(1);
    for (std::int64_t c = 0; c < 2; ++c) {
      for (std::int64_t t = 0; t < samples; ++t) {
        const auto symbol = static_cast<std::size_t>(t / kSymbolSamples);
        const double hz = example.tokens[symbol] == 4 ? 0.06 : 0.19;
        example.signal.mutable_data<float>()[static_cast<std::size_t>(c * samples + t)] =
            static_cast<float>(std::sin(6.2831853 * hz * static_cast<double>(t)) +
                               0.3 * rng.normal());
      }
    }
    examples.push_back(std::move(example));
  }
  return examples;
}

inline TrainOptions toy_options(std::int64_t epochs) {
  TrainOptions options;
  options.epochs = epochs;
  options.batch_size = 4;
  options.bucket_batches = 2;
  options.seed = 3;
  options.optimizer.learning_rate = 1e-2;
  options.optimizer.weight_decay = 0;
  return options;
}

}  // namespace nest::train
