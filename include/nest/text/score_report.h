#pragma once

#include <filesystem>
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
                        const BootstrapOptions& bootstrap, std::span<const std::string> groups = {},
                        const Job& job = {});

/// Lines of two or more files as pairs, every line one utterance, empty ones included.
/// Errors: those of read_lines; DataCorrupt if the files differ in their number of lines.
std::vector<TextPair> read_text_pairs(const std::filesystem::path& hypotheses,
                                      std::span<const std::string> references);
/// The lines of a file that must be as many as those of `first`. Errors: as read_text_pairs().
std::vector<std::string> read_lines_like(const std::filesystem::path& path,
                                         const std::filesystem::path& first, std::size_t count);

/// Alignments of the `count` pairs with most word errors, for people.
std::string worst_alignments(std::span<const TextPair> pairs,
                             std::span<const UtteranceScore> scores, std::size_t count);

/// {"schema": "nest.score/1", "options", "score", "bootstrap", "intervals", "signatures"}; without
/// the single utterances.
Json to_json(const ScoreReport& report);

/// The same as a table for people.
std::string score_text(const ScoreReport& report);

}  // namespace nest::text
