#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "nest/core/job.h"
#include "nest/eval/results.h"

namespace nest::eval {

/// What tables of several models show of each.
inline constexpr text::Metric kTableMetrics[] = {text::Metric::kWer, text::Metric::kCer,
                                                 text::Metric::kBleu};

struct Distribution {
  double mean = 0;
  double p50 = 0;  ///< quantiles interpolate linearly
  double p95 = 0;
  double p99 = 0;
  double max = 0;
};
/// Nothing for no values.
std::optional<Distribution> distribution_of(std::vector<double> values);

struct UtteranceCounts {
  std::size_t decoded = 0;
  std::size_t failed = 0;
  std::map<data::ProblemKind, std::size_t> failures;
};

/// The metrics with the unit that was resampled.
struct UnitIntervals {
  text::ScoreIntervals utterance;
  text::ScoreIntervals sentence;
  text::ScoreIntervals subject;
};

/// One subject or session; its intervals are over its own utterances.
struct GroupScore {
  std::string name;
  text::CorpusScore score;
  text::ScoreIntervals intervals;
};

/// Milliseconds an utterance; nothing where no utterance was decoded.
struct Latency {
  std::optional<Distribution> load_ms;
  std::optional<Distribution> encode_ms;
  std::optional<Distribution> decode_ms;
  std::optional<Distribution> total_ms;  ///< encoding and decoding
  double signal_s = 0;
  std::optional<double> real_time_factor;  ///< computing over signal time
  std::optional<double> utterances_per_s;
};
Latency latency_of(const Results& results);

/// What the best entry of each n-best list would give; rates are NaN if undefined.
struct OracleScore {
  std::size_t nbest = 0;
  double wer = 0;
  double cer = 0;
};

struct CalibrationBin {
  double low = 0;
  double high = 0;
  std::size_t tokens = 0;
  double confidence = 0;  ///< mean; NaN without tokens
  double accuracy = 0;    ///< share of correct tokens; NaN without tokens
};

/// Are tokens as often right as their confidence says?
///
/// Ten bins of equal width; expected calibration error: mean |confidence - accuracy| over tokens.
/// Source: Guo et al. 2017
struct Calibration {
  std::size_t tokens = 0;
  std::vector<CalibrationBin> bins;
  double expected_calibration_error = 0;
};

/// How varied the hypotheses are: a collapsed decoder shows at once.
struct Diversity {
  std::size_t distinct_hypotheses = 0;
  std::size_t distinct_references = 0;
  double entropy_bits = 0;
  double most_frequent_share = 0;
};

/// Aligned characters; empty text stands for none.
struct Confusion {
  std::string reference;
  std::string hypothesis;
  std::int64_t count = 0;
};

struct WorstUtterance {
  std::string id;
  std::string subject;
  std::int64_t word_errors = 0;
  std::int64_t character_errors = 0;
  std::string alignment;  ///< text::format_alignment()
};

/// What an evaluation says, computed from its utterances.
struct Summary {
  text::ScoreOptions scoring;  ///< what the metrics were computed with
  UtteranceCounts counts;
  text::CorpusScore metrics;
  UnitIntervals intervals;
  std::vector<GroupScore> subjects;  ///< in order of name
  std::vector<GroupScore> sessions;
  Latency latency;
  OracleScore oracle;
  std::optional<Calibration> calibration;  ///< nothing if no token was judged
  Diversity diversity;
  std::vector<Confusion> confusions;        ///< every pair, the most frequent first
  std::vector<Confusion> confusion_errors;  ///< those of different characters, limited
  std::vector<WorstUtterance> worst;
  std::optional<StreamedFigures> streamed;
};

/// Errors: Interrupted.
Summary summarize(const Results& results, const SummaryOptions& options, const Job& job = {});

/// "summary" of the results file (docs/results-schema.md).
Json to_json(const Summary& summary);

/// One line: what was evaluated, on what executor in which precision, and how it was decoded. From
/// decode::Recognizer::info().
std::string model_text(const Json& model);

/// The summary as a plain table.
std::string summary_text(const Summary& summary);

}  // namespace nest::eval
