#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "nest/core/error.h"
#include "nest/eval/results.h"

namespace nest::eval {
namespace {

Json number(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}

double rate(const text::EditCounts& counts) {
  const std::int64_t length = counts.reference_length();
  if (length > 0) return static_cast<double>(counts.errors()) / static_cast<double>(length);
  return counts.errors() == 0 ? 0 : std::nan("");
}

Json intervals(const Results& results, const SummaryOptions& options) {
  const text::CountTable counts = text::count_table(scores_of(results));
  Json json;
  for (const char* unit : {"utterance", "sentence", "subject"}) {
    json[unit] =
        text::intervals_json(counts, units_of(results, unit), options.score, options.bootstrap);
  }
  return json;
}

/// One row a group, in order of name.
Json groups(const Results& results, const std::string& unit, const SummaryOptions& options) {
  const std::vector<std::string> names = units_of(results, unit);
  std::map<std::string, std::vector<std::size_t>> members;
  for (std::size_t i = 0; i < names.size(); ++i) members[names[i]].push_back(i);
  Json rows = Json::array();
  for (const auto& [name, indices] : members) {
    std::vector<text::UtteranceScore> scores;
    std::vector<text::TextPair> pairs;
    for (const std::size_t i : indices) {
      const UtteranceResult& u = results.utterances[i];
      scores.push_back(u.score);
      pairs.push_back({{u.reference}, u.hypothesis});
    }
    const text::CorpusScore total = text::sum_scores(scores, pairs);
    const auto ci =
        text::intervals_json(text::count_table(scores), {}, options.score, options.bootstrap);
    Json row;
    row["name"] = name;
    row["utterances"] = indices.size();
    row["wer"] = number(total.wer());
    row["wer_low"] = ci.at("wer").at("low");
    row["wer_high"] = ci.at("wer").at("high");
    row["cer"] = number(total.cer());
    row["cer_low"] = ci.at("cer").at("low");
    row["cer_high"] = ci.at("cer").at("high");
    row["bleu"] = ci.at("bleu").at("estimate");
    row["exact_match"] = number(total.exact_rate());
    rows.push_back(std::move(row));
  }
  return rows;
}

Json latency(const Results& results) {
  std::vector<double> load;
  std::vector<double> encode;
  std::vector<double> decode;
  std::vector<double> total;
  double signal_s = 0;
  double compute_s = 0;
  for (const UtteranceResult& u : results.utterances) {
    load.push_back(u.load_ms);
    encode.push_back(u.encode_ms);
    decode.push_back(u.decode_ms);
    total.push_back(u.encode_ms + u.decode_ms);
    signal_s += u.signal_s;
    compute_s += total.back() / 1000;
  }
  Json json;
  json["load_ms"] = distribution_json(load);
  json["encode_ms"] = distribution_json(encode);
  json["decode_ms"] = distribution_json(decode);
  json["total_ms"] = distribution_json(total);
  json["signal_s"] = signal_s;
  json["real_time_factor"] = signal_s > 0 ? Json(compute_s / signal_s) : Json(nullptr);
  const auto count = static_cast<double>(results.utterances.size());
  json["utterances_per_s"] = results.wall_s > 0 ? Json(count / results.wall_s) : Json(nullptr);
  return json;
}

Json oracle(const Results& results) {
  text::EditCounts words;
  text::EditCounts characters;
  std::size_t size = 0;
  for (const UtteranceResult& u : results.utterances) {
    words += u.oracle_words;
    characters += u.oracle_characters;
    size = std::max(size, u.nbest.size());
  }
  return {{"nbest", size}, {"wer", number(rate(words))}, {"cer", number(rate(characters))}};
}

/// Ten bins of equal width. Expected calibration error: mean |confidence - accuracy| over tokens
/// (Guo et al. 2017).
Json calibration(const Results& results) {
  constexpr int kBins = 10;
  struct Bin {
    std::size_t count = 0;
    double confidence = 0;
    double correct = 0;
  };
  std::vector<Bin> bins(kBins);
  std::size_t judged = 0;
  for (const UtteranceResult& u : results.utterances) {
    for (const TokenResult& token : u.tokens) {
      if (token.correct < 0) continue;
      const int index = std::clamp(static_cast<int>(token.confidence * kBins), 0, kBins - 1);
      Bin& bin = bins[static_cast<std::size_t>(index)];
      ++bin.count;
      bin.confidence += token.confidence;
      bin.correct += token.correct;
      ++judged;
    }
  }
  if (judged == 0) return nullptr;
  Json json;
  double error = 0;
  json["tokens"] = judged;
  json["bins"] = Json::array();
  for (std::size_t b = 0; b < kBins; ++b) {
    const auto n = static_cast<double>(bins[b].count);
    Json row{{"low", static_cast<double>(b) / kBins},
             {"high", static_cast<double>(b + 1) / kBins},
             {"count", bins[b].count}};
    row["confidence"] = n > 0 ? Json(bins[b].confidence / n) : Json(nullptr);
    row["accuracy"] = n > 0 ? Json(bins[b].correct / n) : Json(nullptr);
    json["bins"].push_back(std::move(row));
    error += std::abs(bins[b].confidence - bins[b].correct);
  }
  json["expected_calibration_error"] = error / static_cast<double>(judged);
  return json;
}

/// Pairs (reference, hypothesis) of aligned characters; "" stands for none.
Json confusions(const Results& results, std::size_t limit) {
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
  std::vector<std::pair<std::int64_t, std::pair<std::string, std::string>>> sorted;
  for (const auto& [pair, count] : counts) sorted.push_back({count, pair});
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  Json json;
  json["matrix"] = Json::array();
  json["errors"] = Json::array();
  for (const auto& [count, pair] : sorted) {
    const Json row{pair.first, pair.second, count};
    json["matrix"].push_back(row);
    if (pair.first != pair.second && json["errors"].size() < limit) json["errors"].push_back(row);
  }
  return json;
}

Json worst(const Results& results, std::size_t limit) {
  std::vector<std::size_t> order(results.utterances.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const auto& x = results.utterances[a].score;
    const auto& y = results.utterances[b].score;
    if (x.words.errors() != y.words.errors()) return x.words.errors() > y.words.errors();
    return x.characters.errors() > y.characters.errors();
  });
  order.resize(std::min(order.size(), limit));
  Json rows = Json::array();
  for (const std::size_t i : order) {
    const UtteranceResult& u = results.utterances[i];
    const bool single = text::split_words(u.reference).size() <= 1;
    const auto cells = [&](const std::string& text) {
      return single ? text::split_characters(text::nfc(text)) : text::split_words(text);
    };
    rows.push_back(
        {{"id", u.id},
         {"subject", u.subject},
         {"word_errors", u.score.words.errors()},
         {"character_errors", u.score.characters.errors()},
         {"alignment", text::format_alignment(cells(u.reference), cells(u.hypothesis))}});
  }
  return rows;
}

/// How varied the hypotheses are: a collapsed decoder shows at once.
Json diversity(const Results& results) {
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
  return {{"distinct_hypotheses", counts.size()},
          {"distinct_references", references.size()},
          {"entropy_bits", entropy},
          {"most_frequent_share", total > 0 ? static_cast<double>(most) / total : 0}};
}

Json failure_counts(const Results& results) {
  Json kinds = Json::object();
  for (const Failure& failure : results.failures) {
    kinds[failure.kind] = kinds.value(failure.kind, 0) + 1;
  }
  return kinds;
}

}  // namespace

Json distribution_json(std::vector<double> values) {
  if (values.empty()) return nullptr;
  std::sort(values.begin(), values.end());
  double sum = 0;
  for (const double value : values) sum += value;
  const auto quantile = [&](double p) {
    const double at = p * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(at);
    const std::size_t above = std::min(below + 1, values.size() - 1);
    return values[below] + (at - static_cast<double>(below)) * (values[above] - values[below]);
  };
  return {{"mean", sum / static_cast<double>(values.size())},
          {"p50", quantile(0.5)},
          {"p95", quantile(0.95)},
          {"p99", quantile(0.99)},
          {"max", values.back()}};
}

Json summarize(const Results& results, const SummaryOptions& options) {
  Json json;
  json["counts"] = {{"selected", results.utterances.size() + results.failures.size()},
                    {"decoded", results.utterances.size()},
                    {"failed", results.failures.size()},
                    {"failures", failure_counts(results)}};
  const auto scores = scores_of(results);
  const auto pairs = pairs_of(results);
  json["metrics"] = to_json(text::sum_scores(scores, pairs), options.score);
  json["intervals"] = intervals(results, options);
  for (const auto& [name, line] : text::signatures(options.score, 1)) {
    json["signatures"][name] = line;
  }
  json["subjects"] = groups(results, "subject", options);
  json["sessions"] = groups(results, "session", options);
  json["latency"] = latency(results);
  json["oracle"] = oracle(results);
  json["calibration"] = calibration(results);
  json["diversity"] = diversity(results);
  json["confusions"] = confusions(results, options.confusions);
  json["worst"] = worst(results, options.worst);
  return json;
}

}  // namespace nest::eval
