#pragma once

#include <fstream>

#include "nest/core/config.h"
#include "nest/core/json.h"
#include "nest/core/rng.h"
#include "nest/decode/lm_text.h"
#include "nest/decode/ngram_train.h"
#include "nest/graph/factory.h"
#include "nest/text/character_tokenizer.h"

/// A recogniser and language models of a few kilobytes, all of one alphabet.
namespace nest::recognize::toy {

inline std::shared_ptr<const text::Tokenizer> tokenizer(const std::string& text = "ab cd") {
  return text::CharacterTokenizer::train(std::vector<std::string>{text}, {});
}

inline graph::Model with_weights(graph::Model model, std::uint64_t seed) {
  Rng rng(seed);
  graph::initialize_weights(model, rng);
  // Large weights, so that the most likely token changes from frame to frame.
  for (auto& [name, tensor] : model.weights) {
    if (tensor.dtype() != DType::kF32 || name.find("running_var") != std::string::npos) continue;
    for (float& value : tensor.mutable_data<float>()) value *= 3;
  }
  return model;
}

inline graph::Model ctc_model() {
  const auto alphabet = tokenizer();
  graph::Model model = graph::build_model(
      "nest_ctc",
      Config::parse(fmt::format(
          "spatial_cnn: {{type: EEGNet, n_channels: 3, sampling_rate: 64, n_pointwise_filters: "
          "8}}\n"
          "temporal_encoder: {{type: LSTM, hidden_dim: 8, num_layers: 1, dropout: 0.0}}\n"
          "decoder: {{vocab_size: {}}}\n",
          alphabet->size())));
  model.signal.rate_hz = 64;
  model.vocabulary.tokenizer = alphabet->to_json();
  return with_weights(std::move(model), 5);
}

inline graph::Model lm_model(const text::Tokenizer& alphabet) {
  graph::Model model = graph::build_model(
      "nest_lm", Config::parse(fmt::format("vocab_size: {}\nembedding_dim: 3\nhidden_dim: 4\n"
                                           "num_layers: 1\nsos_id: 2\neos_id: 3\n",
                                           alphabet.size())));
  model.vocabulary.tokenizer = alphabet.to_json();
  return with_weights(std::move(model), 7);
}

/// A word bigram.
inline void write_arpa(const std::filesystem::path& path) {
  decode::NGramTrainer trainer({.order = 2});
  for (const char* line : {"ab cd", "cd ab", "ab ab", "a b"}) {
    trainer.add_sentence(decode::split_words(line));
  }
  std::ofstream out(path);
  trainer.write_arpa(out);
}

inline Tensor signal(std::uint64_t seed, std::int64_t samples = 640) {
  Rng rng(seed);
  Tensor tensor(DType::kF32, {3, samples});
  for (float& value : tensor.mutable_data<float>()) value = static_cast<float>(rng.normal());
  return tensor;
}

}  // namespace nest::recognize::toy
