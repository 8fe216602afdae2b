#include "nest/text/score.h"

#include <algorithm>
#include <cmath>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "text/nan.h"

namespace nest::text {
namespace {

double rate(std::int64_t errors, std::int64_t length) {
  if (length > 0) return static_cast<double>(errors) / static_cast<double>(length);
  return errors == 0 ? 0.0 : kNan;
}

double rate(const EditCounts& counts) {
  return rate(counts.errors(), counts.reference_length());
}

std::string prepare(const std::string& text, const ScoreOptions& options) {
  std::string result = normalize(text, options.normalization);
  return options.lowercase ? lowercase(result) : result;
}

/// The counts with the lowest rate; an undefined rate loses against any other.
EditCounts best_of(const std::vector<std::vector<Symbol>>& references,
                   const std::vector<Symbol>& hypothesis) {
  EditCounts best;
  double best_rate = kNan;
  for (std::size_t i = 0; i < references.size(); ++i) {
    const EditCounts counts = count_edits(references[i], hypothesis);
    const double value = rate(counts);
    if (i == 0 || value < best_rate || (std::isnan(best_rate) && !std::isnan(value))) {
      best = counts;
      best_rate = value;
    }
  }
  return best;
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? kNan : sum / static_cast<double>(values.size());
}

BleuOptions sentence_bleu(BleuOptions options) {
  options.smoothing = BleuSmoothing::kExp;
  options.effective_order = true;
  return options;
}

}  // namespace

void visit_fields(FieldVisitor& visitor, ScoreOptions& o) {
  visitor.field("normalization", o.normalization, "spelling of letters with marks");
  visitor.field("lowercase", o.lowercase, "compare in lower case");
  visitor.field("bleu_tokenize", o.bleu_tokenization, "what BLEU counts");
  visitor.field("bleu_smooth", o.bleu_smoothing, "of orders without a match");
}

BleuOptions bleu_options(const ScoreOptions& options) {
  BleuOptions bleu;
  bleu.tokenization = options.bleu_tokenization;
  bleu.smoothing = options.bleu_smoothing;
  return bleu;
}

UtteranceScore score_utterance(const TextPair& pair, const ScoreOptions& options) {
  require(!pair.references.empty(), ErrorCode::kInvalidArgument, "an utterance has no reference");
  const std::string hypothesis = prepare(pair.hypothesis, options);
  std::vector<std::string> references;
  for (const std::string& reference : pair.references) {
    references.push_back(prepare(reference, options));
  }
  SymbolTable symbols;
  std::vector<std::vector<Symbol>> words;
  std::vector<std::vector<Symbol>> characters;
  for (const std::string& reference : references) {
    words.push_back(symbols.intern_all(split_words(reference)));
    characters.push_back(character_symbols(reference));
  }
  UtteranceScore score;
  score.words = best_of(words, symbols.intern_all(split_words(hypothesis)));
  score.characters = best_of(characters, character_symbols(hypothesis));
  score.bleu = bleu_stats(references, hypothesis, bleu_options(options));
  score.sacrebleu = bleu_stats(references, hypothesis, BleuOptions::sacrebleu());
  score.exact = std::find(references.begin(), references.end(), hypothesis) != references.end();
  return score;
}

double CorpusScore::wer() const {
  return rate(words);
}
double CorpusScore::cer() const {
  return rate(characters);
}
double CorpusScore::exact_rate() const {
  return rate(static_cast<std::int64_t>(exact), static_cast<std::int64_t>(utterances));
}

double CorpusScore::value(Metric metric, const ScoreOptions& options) const {
  switch (metric) {
    case Metric::kWer:
      return wer();
    case Metric::kCer:
      return cer();
    case Metric::kBleu:
      return bleu_score(bleu, bleu_options(options)).score;
    case Metric::kExactMatch:
      return exact_rate();
  }
  return kNan;
}

CorpusScore sum_scores(std::span<const UtteranceScore> scores, std::span<const TextPair> pairs) {
  require(scores.size() == pairs.size(), ErrorCode::kInternal, "{} scores for {} utterances",
          scores.size(), pairs.size());
  CorpusScore total;
  std::vector<double> word_rates;
  std::vector<double> character_rates;
  std::vector<double> bleus;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const UtteranceScore& score = scores[i];
    ++total.utterances;
    total.empty_references += score.words.reference_length() == 0;
    total.empty_hypotheses += score.words.hypothesis_length() == 0;
    total.exact += score.exact;
    total.max_references = std::max(total.max_references, pairs[i].references.size());
    total.words += score.words;
    total.characters += score.characters;
    total.bleu += score.bleu;
    total.sacrebleu += score.sacrebleu;
    if (std::isnan(rate(score.words))) {
      ++total.undefined_wer;
    } else {
      word_rates.push_back(rate(score.words));
    }
    if (!std::isnan(rate(score.characters))) character_rates.push_back(rate(score.characters));
    bleus.push_back(bleu_score(score.bleu, sentence_bleu({})).score);
  }
  total.utterance_mean_wer = mean_of(word_rates);
  total.utterance_mean_cer = mean_of(character_rates);
  total.utterance_mean_bleu = mean_of(bleus);
  return total;
}

CountTable count_table(std::span<const UtteranceScore> scores) {
  CountTable table(16);
  for (const UtteranceScore& s : scores) {
    std::vector<std::int64_t> row{s.words.errors(),         s.words.reference_length(),
                                  s.characters.errors(),    s.characters.reference_length(),
                                  s.exact ? 1 : 0,          1,
                                  s.bleu.hypothesis_length, s.bleu.reference_length};
    row.insert(row.end(), s.bleu.matches.begin(), s.bleu.matches.end());
    row.insert(row.end(), s.bleu.totals.begin(), s.bleu.totals.end());
    table.add_row(row);
  }
  return table;
}

Statistic wer_statistic() {
  return [](std::span<const std::int64_t> sums) { return rate(sums[0], sums[1]); };
}
Statistic cer_statistic() {
  return [](std::span<const std::int64_t> sums) { return rate(sums[2], sums[3]); };
}
Statistic exact_statistic() {
  return [](std::span<const std::int64_t> sums) { return rate(sums[4], sums[5]); };
}
Statistic bleu_statistic(const BleuOptions& options) {
  return [options](std::span<const std::int64_t> sums) {
    BleuStats stats;
    stats.hypothesis_length = sums[6];
    stats.reference_length = sums[7];
    std::copy_n(sums.begin() + 8, kMaxBleuOrder, stats.matches.begin());
    std::copy_n(sums.begin() + 8 + kMaxBleuOrder, kMaxBleuOrder, stats.totals.begin());
    return bleu_score(stats, options).score;
  };
}

EnumTable enum_table(Metric /*of*/) {
  static constexpr EnumName kNames[] = {{Metric::kWer, "wer"},
                                        {Metric::kCer, "cer"},
                                        {Metric::kBleu, "bleu"},
                                        {Metric::kExactMatch, "exact_match"}};
  return {"metric", kNames};
}

bool is_error_rate(Metric metric) {
  return metric == Metric::kWer || metric == Metric::kCer;
}

double display_factor(Metric metric) {
  return metric == Metric::kBleu ? 1 : 100;
}

Statistic statistic_of(Metric metric, const ScoreOptions& options) {
  switch (metric) {
    case Metric::kWer:
      return wer_statistic();
    case Metric::kCer:
      return cer_statistic();
    case Metric::kBleu:
      return bleu_statistic(bleu_options(options));
    case Metric::kExactMatch:
      return exact_statistic();
  }
  return {};
}

ScoreIntervals score_intervals(const CountTable& counts, std::span<const std::string> units,
                               const ScoreOptions& options, const BootstrapOptions& bootstrap,
                               const Job& job) {
  std::vector<Statistic> statistics;
  for (const Metric metric : kMetrics) statistics.push_back(statistic_of(metric, options));
  const auto all = bootstrap_intervals(units.empty() ? counts : counts.grouped(units), statistics,
                                       bootstrap, job);
  ScoreIntervals intervals;
  std::copy(all.begin(), all.end(), intervals.values.begin());
  return intervals;
}

double perplexity(double sum_log_prob, std::int64_t tokens) {
  return tokens > 0 ? std::exp(-sum_log_prob / static_cast<double>(tokens)) : kNan;
}

}  // namespace nest::text
