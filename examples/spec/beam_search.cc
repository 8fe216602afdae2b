// beam_search MODEL DATA: the specification's "Beam Search Decoding", on an attention model with
// random weights (the features) and on a trained CTC model (better than greedy).
#include <algorithm>
#include <cmath>
#include <cstdio>

#include <nest/core/config.h>
#include <nest/core/error.h>
#include <nest/core/json.h>
#include <nest/decode/decoder.h>
#include <nest/decode/search_space.h>
#include <nest/eval/eval_set.h>
#include <nest/graph/factory.h>
#include <nest/profile/suite.h>
#include <nest/recognize/recognizer.h>

#include "promise.h"

using namespace nest;

namespace {

graph::Model attention_model() {
  const Json config = {{"model_name", "NEST_Attention"},
                       {"spatial_cnn", {{"type", "DeepConvNet"}, {"n_channels", 19}}},
                       {"temporal_encoder", {{"type", "GRU"}, {"hidden_dim", 16}}},
                       {"decoder", {{"vocab_size", 30}, {"embedding_dim", 8}, {"hidden_dim", 16}}}};
  return profile::with_random_weights(
      graph::build_from_model_config(Config::from_json(config, "example")));
}

void attention_search() {
  const auto executor = recognize::make_runnable(attention_model()).make_executor();
  const decode::ModelSearchSpace space(*executor);
  decode::BeamSearchDecoder decoder(space.space(), {.beam_size = 5,
                                                    .nbest = 3,
                                                    .length_penalty = 0.6,
                                                    .coverage_penalty = 0.2,
                                                    .min_length = 4,
                                                    .max_length = 20,
                                                    .include_unfinished = true});

  // Decode
  Tensor eeg_input(DType::kF32, {1, 19, 400});
  std::ranges::generate(eeg_input.mutable_data<float>(),
                        [t = 0]() mutable { return std::sin(0.05F * static_cast<float>(t++)); });
  const TensorMap encoded = executor->run("encoder", {{"eeg_data", eeg_input}});
  const auto hypotheses = decoder.decode(encoded.at("encoder_output").data<float>());

  // Best hypothesis
  const auto& best_tokens = hypotheses[0].tokens;
  const double best_score = hypotheses[0].score;
  promise(hypotheses.size() == 3, "N-best hypotheses");
  promise(best_score >= hypotheses[1].score && hypotheses[1].score >= hypotheses[2].score,
          "best first");
  promise(best_tokens.size() >= 3, "minimum length constraint (the end token counts)");
  promise(std::abs(decode::length_penalty(7, 0.6) - std::pow(12.0 / 6, 0.6)) < 1e-12,
          "length penalty LP(Y) = ((5 + |Y|) / 6)^alpha");
}

void ctc_search(const char* file, const char* data) {
  const recognize::Bundle bundle = recognize::load_bundle(file);
  const auto set = eval::open_eval_set(data, {.split = "test"}, bundle.model());
  const auto signals = std::vector{set.load(0), set.load(1)};
  const auto greedy = recognize::make_recognizer(bundle)->recognize(signals);
  const auto beam = recognize::make_recognizer(bundle, {.decode = {.beam_size = 5, .nbest = 3}})
                        ->recognize(signals);
  std::printf("greedy: %s\nbeam:   %s\n", greedy[0].text.c_str(), beam[0].text.c_str());
  promise(!greedy[0].text.empty() && beam[0].nbest.size() == 3, "fast greedy decoding, and a beam");
  const auto alone = recognize::make_recognizer(bundle, {.decode = {.beam_size = 5, .nbest = 3}})
                         ->recognize(std::vector{signals[1]});
  promise(alone[0].tokens == beam[1].tokens, "a batch decodes to what its items decode to alone");
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 3) return std::fprintf(stderr, "usage: beam_search MODEL DATA\n"), 2;
  attention_search();
  ctc_search(argv[1], argv[2]);
} catch (const Error& error) {
  std::fprintf(stderr, "beam_search: %s\n", error.what());
  return exit_code(error.code());
}
