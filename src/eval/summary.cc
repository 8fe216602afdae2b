#include "nest/eval/summary.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace nest::eval {
namespace {

double rate(const text::EditCounts& counts) {
  const std::int64_t length = counts.reference_length();
  if (length > 0) return static_cast<double>(counts.errors()) / static_cast<double>(length);
  return counts.errors() == 0 ? 0 : std::nan("");
}

UnitIntervals intervals(const Results& results, const SummaryOptions& options, const Job& job) {
  const text::CountTable counts = text::count_table(scores_of(results));
  const auto by = [&](Unit unit) {
    return text::score_intervals(counts, units_of(results, unit), options.score, options.bootstrap,
                                 job);
  };
  return {by(Unit::kUtterance), by(Unit::kSentence), by(Unit::kSubject)};
}

/// One row a group, in order of name.
std::vector<GroupScore> groups(const Results& results, Unit unit, const SummaryOptions& options,
                               const Job& job) {
  const std::vector<std::string> names = units_of(results, unit);
  std::map<std::string, std::vector<std::size_t>> members;
  for (std::size_t i = 0; i < names.size(); ++i) members[names[i]].push_back(i);
  std::vector<GroupScore> rows;
  for (const auto& [name, indices] : members) {
    std::vector<text::UtteranceScore> scores;
    std::vector<text::TextPair> pairs;
    for (const std::size_t i : indices) {
      const UtteranceResult& u = results.utterances[i];
      scores.push_back(u.score);
      pairs.push_back({{u.reference}, u.hypothesis});
    }
    rows.push_back({name, text::sum_scores(scores, pairs),
                    text::score_intervals(text::count_table(scores), {}, options.score,
                                          options.bootstrap, job)});
  }
  return rows;
}

OracleScore oracle(const Results& results) {
  text::EditCounts words;
  text::EditCounts characters;
  OracleScore best;
  for (const UtteranceResult& u : results.utterances) {
    words += u.oracle_words;
    characters += u.oracle_characters;
    best.nbest = std::max(best.nbest, u.nbest.size());
  }
  best.wer = rate(words);
  best.cer = rate(characters);
  return best;
}

std::optional<Calibration> calibration(const Results& results) {
  constexpr int kBins = 10;
  Calibration found;
  for (int b = 0; b < kBins; ++b) {
    found.bins.push_back({static_cast<double>(b) / kBins, static_cast<double>(b + 1) / kBins});
  }
  for (const UtteranceResult& u : results.utterances) {
    for (const TokenResult& token : u.tokens) {
      if (token.correct < 0) continue;
      const int index = std::clamp(static_cast<int>(token.confidence * kBins), 0, kBins - 1);
      CalibrationBin& bin = found.bins[static_cast<std::size_t>(index)];
      ++bin.tokens;
      bin.confidence += token.confidence;
      bin.accuracy += token.correct;
      ++found.tokens;
    }
  }
  if (found.tokens == 0) return std::nullopt;
  double error = 0;
  for (CalibrationBin& bin : found.bins) {  // sums so far
    error += std::abs(bin.confidence - bin.accuracy);
    bin.confidence /= static_cast<double>(bin.tokens);  // 0 / 0 is NaN, as promised
    bin.accuracy /= static_cast<double>(bin.tokens);
  }
  found.expected_calibration_error = error / static_cast<double>(found.tokens);
  return found;
}

/// Every pair of aligned characters, the most frequent first.
std::vector<Confusion> confusions(const Results& results) {
  std::map<std::pair<std::string, std::string>, std::int64_t> counts;
  for (const UtteranceResult& u : results.utterances) {
    const auto reference = text::split_characters(text::nfc(u.reference));
    const auto hypothesis = text::split_characters(text::nfc(u.hypothesis));
    text::SymbolTable symbols;
    const auto ops = text::align(symbols.intern_all(reference), symbols.intern_all(hypothesis));
    std::size_t i = 0;
    std::size_t j = 0;
    for (const text::EditOp op : ops) {
      const std::string from = op == text::EditOp::kInsert ? "" : reference[i++];
      const std::string to = op == text::EditOp::kDelete ? "" : hypothesis[j++];
      ++counts[{from, to}];
    }
  }
  std::vector<Confusion> sorted;
  for (const auto& [pair, count] : counts) sorted.push_back({pair.first, pair.second, count});
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Confusion& a, const Confusion& b) { return a.count > b.count; });
  return sorted;
}

std::vector<Confusion> errors_of(const std::vector<Confusion>& confusions, std::size_t limit) {
  std::vector<Confusion> errors;
  for (const Confusion& entry : confusions) {
    if (entry.reference != entry.hypothesis && errors.size() < limit) errors.push_back(entry);
  }
  return errors;
}

std::vector<WorstUtterance> worst(const Results& results, std::size_t limit) {
  std::vector<std::size_t> order(results.utterances.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const auto& x = results.utterances[a].score;
    const auto& y = results.utterances[b].score;
    if (x.words.errors() != y.words.errors()) return x.words.errors() > y.words.errors();
    return x.characters.errors() > y.characters.errors();
  });
  order.resize(std::min(order.size(), limit));
  std::vector<WorstUtterance> rows;
  for (const std::size_t i : order) {
    const UtteranceResult& u = results.utterances[i];
    const bool single = text::split_words(u.reference).size() <= 1;
    const auto cells = [&](const std::string& text) {
      return single ? text::split_characters(text::nfc(text)) : text::split_words(text);
    };
    rows.push_back({u.id, u.subject, u.score.words.errors(), u.score.characters.errors(),
                    text::format_alignment(cells(u.reference), cells(u.hypothesis))});
  }
  return rows;
}

Diversity diversity(const Results& results) {
  std::map<std::string, std::size_t> counts;
  std::set<std::string> references;
  for (const UtteranceResult& u : results.utterances) {
    ++counts[u.hypothesis];
    references.insert(u.reference);
  }
  double entropy = 0;
  const auto total = static_cast<double>(results.utterances.size());
  std::size_t most = 0;
  for (const auto& [text, count] : counts) {
    const double p = static_cast<double>(count) / total;
    entropy -= p * std::log2(p);
    most = std::max(most, count);
  }
  return {counts.size(), references.size(), entropy,
          total > 0 ? static_cast<double>(most) / total : 0};
}

UtteranceCounts counts(const Results& results) {
  UtteranceCounts counts{0, results.failures.size(), {}};
  for (const UtteranceResult& u : results.utterances) counts.decoded += !u.is_background;
  for (const Failure& failure : results.failures) ++counts.failures[failure.kind];
  return counts;
}

}  // namespace

std::optional<Distribution> distribution_of(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  double sum = 0;
  for (const double value : values) sum += value;
  const auto quantile = [&](double p) {
    const double at = p * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(at);
    const std::size_t above = std::min(below + 1, values.size() - 1);
    return values[below] + (at - static_cast<double>(below)) * (values[above] - values[below]);
  };
  return Distribution{sum / static_cast<double>(values.size()), quantile(0.5), quantile(0.95),
                      quantile(0.99), values.back()};
}

Latency latency_of(const Results& results) {
  std::vector<double> load;
  std::vector<double> encode;
  std::vector<double> decode;
  std::vector<double> total;
  Latency latency;
  double compute_s = 0;
  for (const UtteranceResult& u : results.utterances) {
    if (u.is_background) continue;
    load.push_back(u.load_ms);
    encode.push_back(u.encode_ms);
    decode.push_back(u.decode_ms);
    total.push_back(u.encode_ms + u.decode_ms);
    latency.signal_s += u.signal_s;
    compute_s += total.back() / 1000;
  }
  if (results.wall_s > 0)
    latency.utterances_per_s = static_cast<double>(total.size()) / results.wall_s;
  latency.load_ms = distribution_of(std::move(load));
  latency.encode_ms = distribution_of(std::move(encode));
  latency.decode_ms = distribution_of(std::move(decode));
  latency.total_ms = distribution_of(std::move(total));
  if (latency.signal_s > 0) latency.real_time_factor = compute_s / latency.signal_s;
  return latency;
}

Summary summarize(const Results& results, const SummaryOptions& options, const Job& job) {
  Summary summary;
  summary.scoring = options.score;
  summary.counts = counts(results);
  summary.metrics = text::sum_scores(scores_of(results), pairs_of(results));
  summary.intervals = intervals(results, options, job);
  summary.subjects = groups(results, Unit::kSubject, options, job);
  summary.sessions = groups(results, Unit::kSession, options, job);
  summary.latency = latency_of(results);
  summary.oracle = oracle(results);
  summary.calibration = calibration(results);
  summary.diversity = diversity(results);
  summary.confusions = confusions(results);
  summary.confusion_errors = errors_of(summary.confusions, options.confusions);
  summary.worst = worst(results, options.worst);
  summary.streamed = results.streamed;
  return summary;
}

}  // namespace nest::eval
