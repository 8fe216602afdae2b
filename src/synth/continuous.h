#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "corpus_plan.h"
#include "nest/synth/generator.h"

namespace nest::synth {

/// Utterances of one person, session and split that follow one another.
struct PlannedRecording {
  std::string name;  ///< "train_s01_r1_000"
  std::vector<PlannedUtterance> utterances;
  std::uint64_t stream = 0;  ///< of noise and pauses
};
/// At most options.per_recording utterances each.
std::vector<PlannedRecording> plan_recordings(const SynthOptions& options,
                                              const std::vector<PlannedUtterance>& plan);

/// Sentences one after another.
struct ContinuousScript {
  struct Part {
    double begin_s = 0;
    std::string text;
    Script script;  ///< its own times from 0
  };
  Script script;  ///< the whole, a number of whole seconds
  std::vector<Part> parts;

  /// Appends a sentence and the pause behind it.
  void add(std::string text, Script part, double pause_s);
};
/// A pause comes before the first sentence too; each lasts options.pause_s and, exponentially,
/// options.pause_spread_s longer.
ContinuousScript plan_continuous(const Generator& generator, const PlannedRecording& planned);

/// EDF+ with an annotation a sentence. Errors: Io.
void write_annotated(const Generator& generator, const ContinuousScript& made,
                     const std::filesystem::path& file);

}  // namespace nest::synth
