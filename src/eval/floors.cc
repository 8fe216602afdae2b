#include "floors.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "nest/core/parallel.h"

namespace nest::eval {
namespace {

using text::Symbol;

constexpr const char* kUnfinished = "no verdict was written";

/// Distinct texts, the most frequent first, equal counts in order of text.
std::vector<std::string> by_frequency(std::span<const std::string> texts, std::size_t limit) {
  std::map<std::string, std::size_t> counts;
  for (const std::string& text : texts) ++counts[text];
  std::vector<std::string> distinct;
  for (const auto& entry : counts) distinct.push_back(entry.first);
  std::stable_sort(distinct.begin(), distinct.end(),
                   [&](const auto& a, const auto& b) { return counts[a] > counts[b]; });
  distinct.resize(std::min(distinct.size(), limit));
  return distinct;
}

/// distance[candidate][reference] in characters.
std::vector<std::vector<std::int64_t>> distances(const std::vector<std::string>& candidates,
                                                 std::span<const std::string> references,
                                                 int threads, const Job& job) {
  std::vector<std::vector<Symbol>> symbols;
  for (const std::string& text : references) symbols.push_back(text::character_symbols(text));
  std::vector<std::vector<std::int64_t>> result(candidates.size());
  parallel_for(candidates.size(), threads, [&](std::size_t c) {
    job.check_stop(kUnfinished);
    const auto candidate = text::character_symbols(candidates[c]);
    for (const auto& reference : symbols) {
      result[c].push_back(text::edit_distance(reference, candidate));
    }
  });
  return result;
}

/// Word bigrams with add-one smoothing over the training vocabulary.
class Bigrams {
 public:
  explicit Bigrams(std::span<const std::string> texts) {
    constexpr std::size_t kMaxWords = 1500;  // Viterbi is quadratic in it
    std::map<std::string, std::size_t> counts;
    for (const std::string& text : texts) {
      for (const std::string& word : text::split_words(text)) ++counts[word];
    }
    for (const auto& entry : counts) words_.push_back(entry.first);
    std::stable_sort(words_.begin(), words_.end(),
                     [&](const auto& a, const auto& b) { return counts[a] > counts[b]; });
    words_.resize(std::min(words_.size(), kMaxWords));
    std::map<std::string, std::size_t> ids;
    for (std::size_t i = 0; i < words_.size(); ++i) ids[words_[i]] = i;
    const std::size_t n = words_.size();
    pairs_.assign((n + 1) * (n + 1), 0);
    for (const std::string& text : texts) {
      std::size_t previous = n;  // sentence border
      for (const std::string& word : text::split_words(text)) {
        const auto at = ids.find(word);
        if (at == ids.end()) continue;
        ++pairs_[previous * (n + 1) + at->second];
        previous = at->second;
      }
      if (previous != n) ++pairs_[previous * (n + 1) + n];
    }
    totals_.assign(n + 1, 0);
    for (std::size_t i = 0; i <= n; ++i) {
      for (std::size_t j = 0; j <= n; ++j) totals_[i] += pairs_[i * (n + 1) + j];
    }
  }

  /// The most likely sentence of exactly `length` words.
  std::string best(std::size_t length, const Job& job) const {
    const std::size_t n = words_.size();
    if (n == 0 || length == 0) return "";
    std::vector<double> score(n);
    std::vector<std::vector<std::size_t>> from(length, std::vector<std::size_t>(n, n));
    for (std::size_t w = 0; w < n; ++w) score[w] = log_probability(n, w);
    for (std::size_t t = 1; t < length; ++t) {
      job.check_stop(kUnfinished);
      std::vector<double> next(n, -std::numeric_limits<double>::infinity());
      for (std::size_t w = 0; w < n; ++w) {
        for (std::size_t v = 0; v < n; ++v) {
          const double value = score[v] + log_probability(v, w);
          if (value > next[w]) {
            next[w] = value;
            from[t][w] = v;
          }
        }
      }
      score = std::move(next);
    }
    for (std::size_t w = 0; w < n; ++w) score[w] += log_probability(w, n);
    auto w = static_cast<std::size_t>(std::max_element(score.begin(), score.end()) - score.begin());
    std::vector<std::string> words;
    for (std::size_t t = length; t-- > 0; w = from[t][w]) words.push_back(words_[w]);
    std::string text;
    for (auto at = words.rbegin(); at != words.rend(); ++at)
      text += (text.empty() ? "" : " ") + *at;
    return text;
  }

 private:
  double log_probability(std::size_t from, std::size_t to) const {
    const std::size_t n = words_.size();
    return std::log((pairs_[from * (n + 1) + to] + 1.0) /
                    (totals_[from] + static_cast<double>(n) + 1));
  }

  std::vector<std::string> words_;
  std::vector<float> pairs_;
  std::vector<double> totals_;
};

Floor constant_floor(const std::vector<std::string>& candidates,
                     const std::vector<std::vector<std::int64_t>>& distance, std::size_t count) {
  std::size_t best = 0;
  std::int64_t fewest = std::numeric_limits<std::int64_t>::max();
  for (std::size_t c = 0; c < candidates.size(); ++c) {
    std::int64_t sum = 0;
    for (const std::int64_t d : distance[c]) sum += d;
    if (sum < fewest) {
      fewest = sum;
      best = c;
    }
  }
  const std::string text = candidates.empty() ? "" : candidates[best];
  return {"constant_sentence", "always \"" + text + "\"", std::vector<std::string>(count, text),
          false};
}

Floor nearest_floor(const std::vector<std::string>& candidates,
                    const std::vector<std::vector<std::int64_t>>& distance, std::size_t count) {
  Floor floor{"nearest_training_sentence", "oracle: the training sentence nearest to the reference",
              std::vector<std::string>(count), true};
  for (std::size_t i = 0; i < count; ++i) {
    std::int64_t fewest = std::numeric_limits<std::int64_t>::max();
    for (std::size_t c = 0; c < candidates.size(); ++c) {
      if (distance[c][i] < fewest) {
        fewest = distance[c][i];
        floor.hypotheses[i] = candidates[c];
      }
    }
  }
  return floor;
}

}  // namespace

std::vector<Floor> text_floors(std::span<const std::string> training,
                               std::span<const std::string> references, std::size_t max_candidates,
                               int threads, const Job& job) {
  const auto source = training.empty() ? references : training;
  const auto candidates = by_frequency(source, max_candidates);
  const auto distance = distances(candidates, references, threads, job);
  std::vector<Floor> floors{constant_floor(candidates, distance, references.size())};

  Floor lm{"lm_only",
           "the most likely words of the training text for the reference's length",
           {},
           false};
  const Bigrams bigrams(source);
  std::map<std::size_t, std::string> best;
  for (const std::string& reference : references) {
    const std::size_t length = text::split_words(reference).size();
    if (!best.contains(length)) best[length] = bigrams.best(std::min<std::size_t>(length, 60), job);
    lm.hypotheses.push_back(best[length]);
  }
  floors.push_back(std::move(lm));
  if (!training.empty()) floors.push_back(nearest_floor(candidates, distance, references.size()));
  return floors;
}

}  // namespace nest::eval
