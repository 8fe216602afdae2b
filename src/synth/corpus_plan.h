#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nest/synth/options.h"

namespace nest::synth {

/// One utterance to be made.
struct PlannedUtterance {
  std::string id;
  std::string text;
  std::string split;  ///< "train", "valid", "test"
  int subject = 0;
  int session = 0;
  std::uint64_t stream = 0;
};

/// All utterances: sentences of one split occur in no other; subjects and sessions take turns.
std::vector<PlannedUtterance> plan_corpus(const SynthOptions& options);

/// Where the streams of random numbers of a take begin.
inline std::uint64_t take_stream(const SynthOptions& options) {
  return options.take << 42;
}

}  // namespace nest::synth
