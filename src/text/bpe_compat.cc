#include "text/bpe_compat.h"

#include <cstdint>
#include <map>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "nest/text/unicode.h"

namespace nest::text::compat {
namespace {

struct Word {
  std::string spaced;
  std::int64_t count;
};

std::vector<Word> count_words(std::span<const std::string> texts) {
  std::vector<Word> words;
  std::unordered_map<std::string, std::size_t> index;
  for (const std::string& text : texts) {
    for (const std::string& plain : split_words(lowercase(text))) {
      const auto [at, fresh] = index.emplace(plain, words.size());
      if (fresh) words.push_back({spaced_word(plain), 0});
      ++words[at->second].count;
    }
  }
  return words;
}

/// The most frequent pair of neighbours, the first seen one if several are.
std::pair<BpeTokenizer::Merge, std::int64_t> most_frequent_pair(const std::vector<Word>& words) {
  std::vector<std::pair<BpeTokenizer::Merge, std::int64_t>> pairs;
  std::map<BpeTokenizer::Merge, std::size_t> index;
  for (const Word& word : words) {
    const std::vector<std::string> symbols = split_words(word.spaced);
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
      const BpeTokenizer::Merge pair{symbols[i], symbols[i + 1]};
      const auto [at, fresh] = index.emplace(pair, pairs.size());
      if (fresh) pairs.emplace_back(pair, 0);
      pairs[at->second].second += word.count;
    }
  }
  std::pair<BpeTokenizer::Merge, std::int64_t> best{{}, 0};
  for (const auto& pair : pairs) {
    if (pair.second > best.second) best = pair;
  }
  return best;
}

}  // namespace

std::string spaced_word(std::string_view word) {
  std::string spaced;
  for (const std::string& character : split_characters(word)) spaced += character + ' ';
  return spaced + "</w>";
}

void replace_all(std::string& spaced, const BpeTokenizer::Merge& merge) {
  const std::string bigram = merge.first + ' ' + merge.second;
  const std::string merged = merge.first + merge.second;
  for (std::size_t at = spaced.find(bigram); at != std::string::npos;
       at = spaced.find(bigram, at + merged.size())) {
    spaced.replace(at, bigram.size(), merged);
  }
}

Trained train(std::span<const std::string> texts, const BpeOptions& options) {
  std::vector<Word> words = count_words(texts);
  Trained result;
  result.tokens = default_special_tokens();
  const std::int64_t reserved = static_cast<std::int64_t>(result.tokens.size()) + 256;
  for (std::int64_t i = 0; i < options.vocab_size - reserved; ++i) {
    const auto [pair, count] = most_frequent_pair(words);
    if (count == 0 || count < options.min_frequency) break;
    for (Word& word : words) replace_all(word.spaced, pair);
    result.merges.push_back(pair);
  }
  std::unordered_set<std::string> known(result.tokens.begin(), result.tokens.end());
  for (const Word& word : words) {
    for (std::string& symbol : split_words(word.spaced)) {
      if (result.tokens.size() >= static_cast<std::size_t>(options.vocab_size)) return result;
      if (known.insert(symbol).second) result.tokens.push_back(std::move(symbol));
    }
  }
  return result;
}

}  // namespace nest::text::compat
