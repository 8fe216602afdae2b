#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "nest/decode/executor_scorers.h"
#include "nest/decode/language_model.h"
#include "nest/graph/model.h"

namespace nest::decode {

/// Sizes of an LSTM language model over the recogniser's own tokens.
struct LstmLmShape {
  std::int64_t vocab_size = 0;
  std::int64_t embedding_dim = 64;
  std::int64_t hidden_dim = 128;
  std::int64_t num_layers = 1;
  std::int64_t sos_id = 2;
  std::int64_t eos_id = 3;
};

/// One graph "lm": tokens [B, U], h?, c? -> log_probs [B, U, V], h_n, c_n. Weights are left empty
/// (graph::initialize_weights fills them); it trains and runs on any executor.
/// Errors: InvalidArgument for sizes that are not positive or ids outside the vocabulary.
graph::Model build_lstm_lm(const LstmLmShape& shape);

/// A graph "lm" as a language model for shallow fusion: each prefix is run once, prefixes of a beam
/// in one batch.
/// State: belongs to one decoder; the executor must outlive it.
std::shared_ptr<LanguageModel> make_neural_lm(graph::Executor& executor);

/// Ranks an n-best list anew with another language model:
/// score = (log_prob + bonus + weight * ln P_lm(tokens)) / LP(|tokens|, length_alpha).
///
/// Replaces lm_log_prob and score. Coverage penalties are dropped.
void rescore(std::vector<Hypothesis>& nbest, LanguageModel& lm, double weight,
             double length_alpha = 0);

}  // namespace nest::decode
