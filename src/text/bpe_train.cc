#include <algorithm>
#include <map>
#include <queue>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "nest/core/error.h"
#include "nest/core/options.h"
#include "nest/text/bpe_tokenizer.h"
#include "nest/text/unicode.h"
#include "text/bpe_compat.h"

namespace nest::text {
namespace {

using Symbol = std::uint32_t;

/// Pair counts kept up to date word by word, so that a merge touches only the words it changes.
class BpeLearner {
 public:
  BpeLearner(std::span<const std::string> texts, bool lower) {
    std::map<std::string, std::int64_t> counts;
    std::set<std::string> characters{"</w>"};
    for (const std::string& text : texts) {
      const std::string plain = nfc(text);
      for (std::string& word : split_words(lower ? lowercase(plain) : plain)) ++counts[word];
    }
    for (const auto& [word, count] : counts) {
      for (std::string& character : split_characters(word)) characters.insert(std::move(character));
    }
    names_.assign(characters.begin(), characters.end());
    for (const auto& [word, count] : counts) add_word(word, count);
    for (const auto& [pair, count] : pair_counts_) heap_.push({count, pair, this});
  }

  const std::vector<std::string>& characters() const { return names_; }

  /// The next merge, or nothing if no pair is left that is frequent enough.
  bool next(std::int64_t min_frequency, BpeTokenizer::Merge& merge) {
    while (!heap_.empty()) {
      const Candidate top = heap_.top();
      heap_.pop();
      const auto at = pair_counts_.find(top.pair);
      const std::int64_t count = at == pair_counts_.end() ? 0 : at->second;
      if (count != top.count) continue;  // outdated; a newer entry is in the heap
      if (count < min_frequency) return false;
      merge = {left_name(top.pair), right_name(top.pair)};
      apply(top.pair);
      return true;
    }
    return false;
  }

 private:
  struct Candidate {
    std::int64_t count;
    std::uint64_t pair;
    const BpeLearner* learner;
    bool operator<(const Candidate& other) const {  // the heap's top is the largest
      if (count != other.count) return count < other.count;
      const int left = learner->left_name(pair).compare(learner->left_name(other.pair));
      if (left != 0) return left > 0;
      return learner->right_name(pair) > learner->right_name(other.pair);
    }
  };
  struct Word {
    std::vector<Symbol> symbols;
    std::int64_t count;
  };

  const std::string& left_name(std::uint64_t pair) const { return names_[pair >> 32]; }
  const std::string& right_name(std::uint64_t pair) const { return names_[pair & 0xffffffffu]; }

  void add_word(const std::string& text, std::int64_t count) {
    Word word{{}, count};
    const auto symbol_of = [&](const std::string& name) {
      return static_cast<Symbol>(std::lower_bound(names_.begin(), names_.end(), name) -
                                 names_.begin());
    };
    for (const std::string& character : split_characters(text)) {
      word.symbols.push_back(symbol_of(character));
    }
    word.symbols.push_back(symbol_of("</w>"));
    words_.push_back(std::move(word));
    count_pairs(words_.size() - 1, 1, nullptr);
  }

  void count_pairs(std::size_t index, int sign, std::unordered_set<std::uint64_t>* touched) {
    const Word& word = words_[index];
    for (std::size_t i = 0; i + 1 < word.symbols.size(); ++i) {
      const std::uint64_t pair = std::uint64_t{word.symbols[i]} << 32 | word.symbols[i + 1];
      pair_counts_[pair] += sign * word.count;
      if (sign > 0) pair_words_[pair].insert(index);
      if (touched != nullptr) touched->insert(pair);
    }
  }

  void apply(std::uint64_t pair) {
    const auto merged = static_cast<Symbol>(names_.size());
    names_.push_back(left_name(pair) + right_name(pair));
    std::unordered_set<std::uint64_t> touched;
    const std::set<std::size_t> affected = std::move(pair_words_[pair]);
    for (const std::size_t index : affected) {
      count_pairs(index, -1, &touched);
      std::vector<Symbol>& symbols = words_[index].symbols;
      std::size_t out = 0;
      for (std::size_t i = 0; i < symbols.size(); ++i) {
        const bool match =
            i + 1 < symbols.size() && (std::uint64_t{symbols[i]} << 32 | symbols[i + 1]) == pair;
        symbols[out++] = match ? merged : symbols[i];
        if (match) ++i;
      }
      symbols.resize(out);
      count_pairs(index, 1, &touched);
    }
    pair_words_.erase(pair);
    for (const std::uint64_t changed : touched) {
      const std::int64_t count = pair_counts_[changed];
      if (count > 0) heap_.push({count, changed, this});
    }
  }

  std::vector<std::string> names_;  ///< characters in order, then one a merge
  std::vector<Word> words_;
  std::unordered_map<std::uint64_t, std::int64_t> pair_counts_;
  std::unordered_map<std::uint64_t, std::set<std::size_t>> pair_words_;
  std::priority_queue<Candidate> heap_;
};

}  // namespace

std::shared_ptr<const BpeTokenizer> BpeTokenizer::train(std::span<const std::string> texts,
                                                        const BpeOptions& options) {
  validate(options);
  if (options.compat) {
    compat::Trained trained = compat::train(texts, options);
    return std::make_shared<const BpeTokenizer>(TokenTable(std::move(trained.tokens)),
                                                default_special_tokens(), std::move(trained.merges),
                                                options);
  }
  BpeLearner learner(texts, options.lowercase);
  std::vector<std::string> tokens = default_special_tokens();
  const std::size_t limit = static_cast<std::size_t>(options.vocab_size);
  require(tokens.size() + learner.characters().size() <= limit, ErrorCode::kInvalidArgument,
          "vocab_size {} cannot hold {} special tokens and {} characters", options.vocab_size,
          tokens.size(), learner.characters().size());
  tokens.insert(tokens.end(), learner.characters().begin(), learner.characters().end());
  std::unordered_set<std::string> known(tokens.begin(), tokens.end());
  std::vector<Merge> merges;
  Merge merge;
  while (tokens.size() < limit && learner.next(options.min_frequency, merge)) {
    std::string token = merge.first + merge.second;
    if (known.insert(token).second) tokens.push_back(std::move(token));
    merges.push_back(merge);
  }
  return std::make_shared<const BpeTokenizer>(TokenTable(std::move(tokens)),
                                              default_special_tokens(), std::move(merges), options);
}

}  // namespace nest::text
