#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nest/core/json.h"
#include "nest/eval/eval_set.h"
#include "nest/eval/options.h"
#include "nest/text/score.h"

namespace nest::eval {

struct Summary;

/// Version of the results file; docs/results-schema.md describes it.
inline constexpr const char* kResultsSchema = "nest.results/1";

struct TokenResult {
  std::string text;
  double start_s = 0;
  double end_s = 0;
  double confidence = 0;
  int correct = -1;  ///< 1: aligned with an equal reference token, 0: not, -1: not judged
};

struct UtteranceResult {
  std::size_t position = 0;  ///< in the whole set
  std::string id;
  std::string subject;
  std::string session;
  std::string reference;
  std::string hypothesis;
  bool is_background = false;  ///< text of a stream outside every utterance; the reference is empty
  text::UtteranceScore score;
  std::vector<std::string> nbest;  ///< texts, best first
  /// Counts of the n-best entry with the fewest word (character) errors.
  text::EditCounts oracle_words;
  text::EditCounts oracle_characters;
  std::vector<TokenResult> tokens;
  double hypothesis_score = 0;  ///< of the decoder, natural logarithm
  double signal_s = 0;          ///< 0 if the rate is unknown
  double load_ms = 0;
  double encode_ms = 0;
  double decode_ms = 0;
};

struct MemoryUse {
  std::int64_t weight_bytes = 0;        ///< as the executor keeps them
  std::int64_t process_peak_bytes = 0;  ///< most resident memory of the whole process so far
};

/// The machine line of every report.
struct Environment {
  int cores = 0;
  std::string isa;
  std::string compiler;
};
Environment this_environment();
Json to_json(const Environment& environment);

/// What only a stream has (eval/streamed.h).
struct StreamedFigures {
  std::size_t recordings = 0;
  double signal_s = 0;
  double background_s = 0;                 ///< outside every utterance
  std::int64_t background_characters = 0;  ///< text in it
  std::vector<double> delays_s;  ///< from each utterance's end to its last token, those with text
  std::int64_t revisions = 0;    ///< hops that took tentative text back
  std::string pipeline;          ///< what ran

  double characters_per_minute() const;  ///< of background; 0 without any
  bool operator==(const StreamedFigures&) const = default;
};

/// Everything one evaluation found. The summary is computed from it, never stored on its own, so
/// that merged parts give exactly what one run gives.
struct Results {
  Json model;  ///< decode::Recognizer::info()
  SetInfo dataset;
  EvalOptions options;
  Environment environment;
  std::vector<UtteranceResult> utterances;  ///< by position
  std::vector<Failure> failures;
  double wall_s = 0;      ///< of decoding, without opening the set; the sum over parts
  std::size_t parts = 1;  ///< evaluations merged into this one
  Shard shard = {};       ///< of the set, which part this is
  MemoryUse memory;       ///< the most of any part
  std::optional<StreamedFigures> streamed = {};  ///< nothing for utterances that were cut out
};

/// The results file: header, summary, every utterance.
Json to_json(const Results& results, const Summary& summary);
/// Errors: DataCorrupt for another schema or missing keys; the summary in the file is not read.
Results results_from_json(const Json& json);
Results load_results(const std::string& path);

/// For people: one line of text an utterance, "ID<tab>TEXT". As JSON lines: "id", "text", "score",
/// "start_s" and "duration_s" of a part of a recording, "nbest", "tokens" with times and
/// confidences.
std::string decoded_text(const Results& results);
std::string decoded_json_lines(const Results& results, const EvalSet& set);

/// One evaluation from its parts. Errors: InvalidArgument if they are of different models, data or
/// scoring options, or if an utterance is in two parts.
Results merge_results(std::span<const Results> parts);

/// The same from their files. Intervals are made as `asked` says; scoring is that of the parts,
/// whose counts were made with it. Errors: InvalidArgument if `asked` names other scoring options.
Results merge_results_files(std::span<const std::string> paths, const SummaryOptions& asked);

std::vector<text::UtteranceScore> scores_of(const Results& results);
std::vector<text::TextPair> pairs_of(const Results& results);
/// What is resampled for an interval.
enum class Unit { kUtterance, kSentence, kSubject, kSession };
EnumTable enum_table(Unit of);  ///< "utterance", "sentence", "subject", "session"

/// Name of the resampling unit of each utterance.
std::vector<std::string> units_of(const Results& results, Unit unit);

}  // namespace nest::eval
