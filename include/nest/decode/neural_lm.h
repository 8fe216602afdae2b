#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "nest/decode/hypothesis.h"
#include "nest/decode/language_model.h"
#include "nest/graph/model.h"

namespace nest::decode {

/// A graph "lm" as a language model for shallow fusion: each prefix is run once, prefixes of a beam
/// in one batch.
/// State: belongs to one decoder; the executor must outlive it.
std::shared_ptr<LanguageModel> make_neural_lm(graph::Executor& executor);
/// The same with an executor of its own.
std::shared_ptr<LanguageModel> make_neural_lm(std::unique_ptr<graph::Executor> executor);

/// Ranks an n-best list anew with another language model:
/// score = (log_prob + bonus + weight * ln P_lm(tokens)) / LP(|tokens|, length_alpha).
///
/// Replaces lm_log_prob and score. Coverage penalties are dropped.
void rescore(std::vector<Hypothesis>& nbest, LanguageModel& lm, double weight,
             double length_alpha = 0);

}  // namespace nest::decode
