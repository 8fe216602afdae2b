#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nest/core/options_fwd.h"
#include "nest/text/tokenizer.h"

namespace nest::text {

struct BpeOptions {
  int vocab_size = 5000;  ///< special tokens included
  int min_frequency = 2;  ///< a pair seen less often is not merged
  bool lowercase = true;  ///< the Python project always does
  /// Reproduce the Python project: merges found as substrings, across symbol borders ("x|a n" is
  /// taken for "a n"); no NFC; 256 places reserved for characters; only symbols that are left in
  /// the training words get an id.
  bool compat = false;
};
void visit_fields(FieldVisitor& visitor, BpeOptions& options);

/// Byte-pair encoding over characters with an end-of-word marker "</w>".
///
/// Merges apply in the order of their list, each to every whole-symbol occurrence from the left.
/// Source: Sennrich et al. 2016, with the Python project's JSON as file format.
class BpeTokenizer final : public Tokenizer {
 public:
  using Merge = std::pair<std::string, std::string>;
  BpeTokenizer(TokenTable table, std::vector<std::string> special_tokens, std::vector<Merge> merges,
               BpeOptions options);

  /// Without compat: special tokens, characters, then one token a merge until vocab_size is
  /// reached; of equally frequent pairs the lexicographically smallest is merged.
  /// Errors: InvalidArgument if vocab_size cannot hold the special tokens and characters.
  static std::shared_ptr<const BpeTokenizer> train(std::span<const std::string> texts,
                                                   const BpeOptions& options = {});

  std::string_view kind() const override { return "bpe"; }
  std::vector<int> encode(std::string_view text) const override;
  std::string decode(std::span<const int> ids) const override;
  Json to_json() const override;

  const std::vector<Merge>& merges() const { return merges_; }

 private:
  struct Rank {
    std::uint64_t pair;
    std::uint32_t rank;
    std::uint32_t result;
    bool operator<(const Rank& other) const {
      return pair != other.pair ? pair < other.pair : rank < other.rank;
    }
  };
  void encode_word(std::string_view word, std::vector<int>& ids) const;
  void encode_word_compat(std::string_view word, std::vector<int>& ids) const;
  const Rank* first_rank(std::uint32_t left, std::uint32_t right, std::uint32_t from) const;

  std::vector<std::string> special_tokens_;
  std::vector<Merge> merges_;
  BpeOptions options_;
  TokenTable symbols_;             ///< everything a merge reads or makes
  std::vector<int> symbol_to_id_;  ///< token id of each symbol, or the unknown id
  std::vector<Rank> ranks_;        ///< sorted by pair, then rank
};

}  // namespace nest::text
