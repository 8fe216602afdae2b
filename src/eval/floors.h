#pragma once

#include <span>
#include <string>
#include <vector>

#include "nest/core/job.h"
#include "nest/text/score.h"

namespace nest::eval {

/// A decoder that never sees a signal. `hypotheses` is one a test utterance.
struct Floor {
  std::string name;
  std::string description;
  std::vector<std::string> hypotheses;
  bool is_oracle = false;  ///< knows the reference: shown, but no system has to beat it
};

/// What can be reached without EEG:
///   constant_sentence  the one training sentence with the fewest character errors on this test set
///   lm_only            the most likely word sequence of each reference's length under a bigram
///                      model of the training text (Viterbi)
///   nearest_training_sentence  oracle: the training sentence nearest to the reference
/// At most `max_candidates` distinct training sentences are tried, the most frequent first.
/// Without training text the candidates are the test references themselves.
/// Errors: Interrupted.
std::vector<Floor> text_floors(std::span<const std::string> training,
                               std::span<const std::string> references,
                               std::size_t max_candidates = 2000, int threads = 0,
                               const Job& job = {});

}  // namespace nest::eval
