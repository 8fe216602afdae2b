#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "nest/core/job.h"
#include "nest/synth/options.h"

namespace nest::synth {

/// How many utterances were written, and how long they are together.
struct CorpusSummary {
  std::int64_t utterances = 0;
  std::int64_t train = 0;
  std::int64_t valid = 0;
  std::int64_t test = 0;
  std::int64_t characters = 0;
  double duration_s = 0;
};
Json to_json(const CorpusSummary& summary);
/// For people: how much was made, and of what.
std::string summary_text(const CorpusSummary& summary, const SynthOptions& options);

/// Writes a dataset folder: signals/<id>.npy (float32, volts), manifest.jsonl, dataset.json.
///
/// Continuous: signals/<split>_<subject>_<session>_<n>.edf, EDF+ with the sentences as
/// annotations, each recording of one split; the normalisation is fitted on the training sentences
/// and holds for every sample as it comes, so that a model can run on the stream.
/// The manifest's key "onsets_s" gives every character's onset. Errors: Io, Interrupted.
CorpusSummary write_corpus(const SynthOptions& options, const std::filesystem::path& folder,
                           const Job& job = {});

/// The first `count` test sentences of the corpus; 0: all of them, at most 10.
/// Errors: InvalidArgument if the test split has fewer or none.
std::vector<std::string> recording_sentences(const SynthOptions& options, int count);

/// Writes one continuous EDF+ recording of these sentences by subject 0 in session 0, each
/// annotated with its text, `options.pause_s` apart. Errors: Io.
void write_recording(const SynthOptions& options, const std::filesystem::path& file,
                     const std::vector<std::string>& sentences);

}  // namespace nest::synth
