#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nest/core/options_fwd.h"
#include "nest/text/bleu.h"
#include "nest/text/bootstrap.h"
#include "nest/text/edit_distance.h"
#include "nest/text/unicode.h"

namespace nest::text {

/// What is done to the text before it is compared, and which BLEU is reported.
struct ScoreOptions {
  Normalization normalization = Normalization::kNone;
  bool lowercase = false;
  BleuTokenization bleu_tokenization = BleuTokenization::kNone;
  BleuSmoothing bleu_smoothing = BleuSmoothing::kNone;
  bool operator==(const ScoreOptions&) const = default;
};
void visit_fields(FieldVisitor& visitor, ScoreOptions& options);
BleuOptions bleu_options(const ScoreOptions& options);

/// One utterance to be scored.
struct TextPair {
  std::vector<std::string> references;  ///< at least one
  std::string hypothesis;
};

/// Counts of one utterance. With several references WER and CER use, each for itself, the one with
/// the lowest rate (the first of equal ones).
struct UtteranceScore {
  EditCounts words;
  EditCounts characters;
  BleuStats bleu;
  BleuStats sacrebleu;  ///< with 13a tokens, whatever the options say
  bool exact = false;   ///< equal to one of the references after normalisation
  bool operator==(const UtteranceScore&) const = default;
};

/// Words: runs between white space; characters: code points, white space included.
/// Errors: InvalidArgument without references; DataCorrupt for text that is not UTF-8.
UtteranceScore score_utterance(const TextPair& pair, const ScoreOptions& options);

/// The metrics, in the order of every table.
enum class Metric { kWer, kCer, kBleu, kExactMatch };
inline constexpr std::array kMetrics{Metric::kWer, Metric::kCer, Metric::kBleu,
                                     Metric::kExactMatch};
EnumTable enum_table(Metric of);  ///< "wer", "cer", "bleu", "exact_match": the keys in JSON
/// True where more is worse.
bool is_error_rate(Metric metric);
/// What a value is multiplied by to be read: 100 for rates (percent), 1 for BLEU (0 to 100
/// already).
double display_factor(Metric metric);

/// Sums over a corpus. Every rate is errors over reference length of the sums; 0 / 0 is 0, and
/// errors over an empty reference are undefined (NaN, null in JSON).
struct CorpusScore {
  std::size_t utterances = 0;
  std::size_t empty_references = 0;
  std::size_t empty_hypotheses = 0;
  std::size_t exact = 0;
  std::size_t max_references = 1;
  EditCounts words;
  EditCounts characters;
  BleuStats bleu;
  BleuStats sacrebleu;
  /// Means over utterances whose value is defined; kept apart from the corpus rates by name.
  double utterance_mean_wer = 0;
  double utterance_mean_cer = 0;
  double utterance_mean_bleu = 0;  ///< sentence BLEU: exponential smoothing, effective order
  std::size_t undefined_wer = 0;   ///< utterances left out of the means

  double wer() const;
  double cer() const;
  double exact_rate() const;
  /// Of any metric: rates 0 to 1, BLEU 0 to 100; NaN if undefined.
  double value(Metric metric, const ScoreOptions& options) const;
};
CorpusScore sum_scores(std::span<const UtteranceScore> scores, std::span<const TextPair> pairs);

/// {"wer": {"value", "percent", counts...}, "cer", "bleu", "exact_match", "utterance_mean", ...}
Json to_json(const CorpusScore& score, const ScoreOptions& options);

/// Columns: word errors, words, character errors, characters, exact, utterances, BLEU's
/// hypothesis length, reference length, matches 1-4, totals 1-4.
CountTable count_table(std::span<const UtteranceScore> scores);

/// The metrics as functions of count_table() sums.
Statistic wer_statistic();
Statistic cer_statistic();
Statistic exact_statistic();
Statistic bleu_statistic(const BleuOptions& options);
Statistic statistic_of(Metric metric, const ScoreOptions& options);

/// An interval a metric.
struct ScoreIntervals {
  std::array<Interval, kMetrics.size()> values;

  const Interval& operator[](Metric metric) const {
    return values[static_cast<std::size_t>(metric)];
  }
};
/// Of the given resampling units (one name an utterance; empty: each utterance for itself).
/// All metrics see the same samples. Errors: Interrupted.
ScoreIntervals score_intervals(const CountTable& counts, std::span<const std::string> units,
                               const ScoreOptions& options, const BootstrapOptions& bootstrap,
                               const Job& job = {});
/// {"wer": interval, ...}
Json to_json(const ScoreIntervals& intervals);

/// One line a metric that says exactly what was computed, e.g.
/// "wer|refs:1|level:word|norm:none|...".
std::map<std::string, std::string> signatures(const ScoreOptions& options, std::size_t references);

/// exp(-sum of log-probabilities / tokens); NaN without tokens.
double perplexity(double sum_log_prob, std::int64_t tokens);

/// Three lines: reference, hypothesis and a row of S, D, I marks, columns padded to the same width;
/// "*" stands for a missing word.
std::string format_alignment(const std::vector<std::string>& reference,
                             const std::vector<std::string>& hypothesis);

}  // namespace nest::text
