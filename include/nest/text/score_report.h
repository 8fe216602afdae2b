#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nest/core/json_fwd.h"
#include "nest/text/score.h"

namespace nest::text {

/// Texts scored against their references: figures, intervals, and what was computed.
struct ScoreReport {
  ScoreOptions options;
  BootstrapOptions bootstrap;
  CorpusScore score;
  ScoreIntervals by_utterance;
  std::optional<ScoreIntervals> by_group;  ///< whole groups resampled
  std::vector<UtteranceScore> utterances;  ///< one a pair
};

/// Scores every pair; `groups` not empty: the name of each pair's group (a subject, a session).
///
/// Errors: those of score_utterance, naming the line; InvalidArgument for options or if there is
/// not one group a pair. Cost: scored on bootstrap.threads threads; the result is the same for any.
ScoreReport score_texts(std::span<const TextPair> pairs, const ScoreOptions& options,
                        const BootstrapOptions& bootstrap,
                        std::span<const std::string> groups = {});

/// {"schema": "nest.score/1", "options", "score", "bootstrap", "intervals", "signatures"}; without
/// the single utterances.
Json to_json(const ScoreReport& report);

/// The same as a table for people.
std::string score_text(const ScoreReport& report);

}  // namespace nest::text
