#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "nest/decode/ngram.h"

namespace nest::decode {

/// The n-grams of a model as listed: words, natural-log probability, back-off.
class NGramLists {
 public:
  static constexpr std::uint32_t kNoWord = 0xffffffffu;

  struct List {
    std::vector<std::uint32_t> words;  ///< order * count
    std::vector<float> prob;
    std::vector<float> backoff;
  };

  explicit NGramLists(int order) : lists_(static_cast<std::size_t>(order)) {}

  int order() const { return static_cast<int>(lists_.size()); }
  List& list(int k) { return lists_[static_cast<std::size_t>(k) - 1]; }
  const List& list(int k) const { return lists_[static_cast<std::size_t>(k) - 1]; }
  const std::vector<std::string>& words() const { return words_; }

  /// kNoWord if it is there already.
  std::uint32_t add_word(std::string_view word);
  std::uint32_t find_word(std::string_view word) const;
  void reserve(int k, std::uint64_t count);
  void add(int k, const std::uint32_t* words, float prob, float backoff);

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::vector<List> lists_;
  std::vector<std::string> words_;
  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> ids_;
};

/// Numbers contexts, links suffixes and lays everything out in one block. Contexts that are missing
/// (a trigram without its bigram) are filled in with their back-off probability.
/// Errors: DataCorrupt for an n-gram listed twice, or if <s> or </s> is missing.
std::shared_ptr<const NGram> build_ngram(NGramLists& lists, const std::string& origin);

}  // namespace nest::decode
