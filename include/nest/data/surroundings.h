#pragma once

#include "nest/data/dataset.h"
#include "nest/data/training_options.h"

namespace nest::data {

/// The utterances of one split with the background around them, and pieces of background with an
/// empty text, as a dataset of the same recordings.
///
/// Background ends at the next utterance of any split and at a gap of the recording. An
/// utterance's keys "lead_s" and "tail_s" say how much of it there is. Pieces lie in recordings
/// that belong to the split alone. Joined utterances stay as they are.
/// Errors: those of opening the recordings.
Dataset with_surroundings(const Dataset& dataset, const std::string& split,
                          const SurroundOptions& options);

/// Samples of the contract's rate around an utterance's own ones.
struct Surroundings {
  std::int64_t lead = 0;
  std::int64_t tail = 0;
};
Surroundings surroundings_of(const Utterance& utterance, double rate_hz);

}  // namespace nest::data
