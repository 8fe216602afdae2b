#include "nest/text/bleu.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "nest/text/edit_distance.h"

namespace nest::text {
namespace {

using Ngram = std::array<Symbol, kMaxBleuOrder>;

struct NgramCount {
  Ngram ngram;
  std::int64_t count;
};

std::vector<NgramCount> count_ngrams(const std::vector<Symbol>& tokens, std::size_t order) {
  std::vector<Ngram> ngrams;
  for (std::size_t i = 0; i + order <= tokens.size(); ++i) {
    Ngram ngram{};
    std::copy_n(tokens.begin() + static_cast<std::ptrdiff_t>(i), order, ngram.begin());
    ngrams.push_back(ngram);
  }
  std::sort(ngrams.begin(), ngrams.end());
  std::vector<NgramCount> counts;
  for (const Ngram& ngram : ngrams) {
    if (counts.empty() || counts.back().ngram != ngram) counts.push_back({ngram, 0});
    ++counts.back().count;
  }
  return counts;
}

std::int64_t count_of(const std::vector<NgramCount>& counts, const Ngram& ngram) {
  const auto at = std::lower_bound(counts.begin(), counts.end(), ngram,
                                   [](const NgramCount& c, const Ngram& n) { return c.ngram < n; });
  return at != counts.end() && at->ngram == ngram ? at->count : 0;
}

std::int64_t clipped_matches(const std::vector<NgramCount>& hypothesis,
                             const std::vector<std::vector<NgramCount>>& references) {
  std::int64_t matches = 0;
  for (const NgramCount& entry : hypothesis) {
    std::int64_t most = 0;
    for (const auto& reference : references)
      most = std::max(most, count_of(reference, entry.ngram));
    matches += std::min(entry.count, most);
  }
  return matches;
}

std::int64_t closest_length(std::int64_t hypothesis,
                            const std::vector<std::vector<Symbol>>& references) {
  std::int64_t best = -1;
  for (const auto& reference : references) {
    const auto length = static_cast<std::int64_t>(reference.size());
    const std::int64_t distance = std::abs(length - hypothesis);
    const std::int64_t best_distance = std::abs(best - hypothesis);
    if (best < 0 || distance < best_distance || (distance == best_distance && length < best)) {
      best = length;
    }
  }
  return best;
}

double default_smooth_value(BleuSmoothing smoothing) {
  return smoothing == BleuSmoothing::kFloor ? 0.1 : smoothing == BleuSmoothing::kAddK ? 1.0 : 0.0;
}

double log_or_lowest(double value) {
  return value > 0 ? std::log(value) : -std::numeric_limits<double>::infinity();
}

}  // namespace

BleuOptions BleuOptions::sacrebleu() {
  BleuOptions options;
  options.tokenization = BleuTokenization::k13a;
  options.smoothing = BleuSmoothing::kExp;
  return options;
}

void visit_fields(FieldVisitor& visitor, BleuOptions& o) {
  visitor.field("tokenization", o.tokenization, "what an n-gram is made of");
  visitor.field("smoothing", o.smoothing, "of orders without a match");
  visitor.field("smooth_value", o.smooth_value, "of floor (0.1) and add-k (1)", above(0));
  visitor.field("max_order", o.max_order, "longest n-gram", between(1, kMaxBleuOrder));
  visitor.field("effective_order", o.effective_order, "no orders longer than the hypothesis");
}

BleuStats& BleuStats::operator+=(const BleuStats& other) {
  hypothesis_length += other.hypothesis_length;
  reference_length += other.reference_length;
  for (std::size_t n = 0; n < kMaxBleuOrder; ++n) {
    matches[n] += other.matches[n];
    totals[n] += other.totals[n];
  }
  return *this;
}

BleuStats bleu_stats(std::span<const std::string> references, std::string_view hypothesis,
                     const BleuOptions& options) {
  validate(options);
  require(!references.empty(), ErrorCode::kInvalidArgument, "BLEU needs at least one reference");
  SymbolTable symbols;
  const auto tokens_of = [&](std::string_view text) {
    return symbols.intern_all(bleu_tokens(text, options.tokenization));
  };
  const std::vector<Symbol> tokens = tokens_of(hypothesis);
  std::vector<std::vector<Symbol>> reference_tokens;
  for (const std::string& reference : references) reference_tokens.push_back(tokens_of(reference));

  BleuStats stats;
  stats.hypothesis_length = static_cast<std::int64_t>(tokens.size());
  stats.reference_length = closest_length(stats.hypothesis_length, reference_tokens);
  for (std::size_t n = 1; n <= static_cast<std::size_t>(options.max_order); ++n) {
    std::vector<std::vector<NgramCount>> counts;
    for (const auto& reference : reference_tokens) counts.push_back(count_ngrams(reference, n));
    stats.matches[n - 1] = clipped_matches(count_ngrams(tokens, n), counts);
    stats.totals[n - 1] =
        std::max<std::int64_t>(0, stats.hypothesis_length - static_cast<std::int64_t>(n) + 1);
  }
  return stats;
}

BleuScore bleu_score(const BleuStats& stats, const BleuOptions& options) {
  validate(options);
  BleuScore score;
  score.stats = stats;
  const auto hypothesis = static_cast<double>(stats.hypothesis_length);
  const auto reference = static_cast<double>(stats.reference_length);
  if (hypothesis < reference) {
    score.brevity_penalty = hypothesis > 0 ? std::exp(1 - reference / hypothesis) : 0;
  }
  const bool any = std::any_of(stats.matches.begin(), stats.matches.end(),
                               [](std::int64_t count) { return count > 0; });
  if (!any) return score;

  const double value = options.smooth_value.value_or(default_smooth_value(options.smoothing));
  const int orders = options.max_order;
  int used = orders;
  double halving = 1;
  for (int n = 0; n < orders; ++n) {
    const auto index = static_cast<std::size_t>(n);
    auto matches = static_cast<double>(stats.matches[index]);
    auto total = static_cast<double>(stats.totals[index]);
    if (options.smoothing == BleuSmoothing::kAddK && n > 0) {
      matches += value;
      total += value;
    }
    if (total == 0) break;
    if (options.effective_order) used = n + 1;
    if (matches == 0 && options.smoothing == BleuSmoothing::kExp) matches = 1 / (halving *= 2);
    if (matches == 0 && options.smoothing == BleuSmoothing::kFloor) matches = value;
    score.precisions[index] = 100 * matches / total;
  }
  double sum = 0;
  for (int n = 0; n < used; ++n)
    sum += log_or_lowest(score.precisions[static_cast<std::size_t>(n)]);
  score.score = score.brevity_penalty * std::exp(sum / used);
  score.fraction = score.score / 100;
  return score;
}

Json to_json(const BleuScore& score) {
  Json json;
  json["score"] = score.score;
  json["fraction"] = score.fraction;
  json["brevity_penalty"] = score.brevity_penalty;
  json["precisions"] = score.precisions;
  json["matches"] = score.stats.matches;
  json["totals"] = score.stats.totals;
  json["hypothesis_length"] = score.stats.hypothesis_length;
  json["reference_length"] = score.stats.reference_length;
  return json;
}

}  // namespace nest::text
