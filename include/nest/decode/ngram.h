#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nest/decode/language_model.h"
#include "nest/decode/token_surface.h"

namespace nest::decode {

/// A back-off n-gram model in one flat block of memory, the same in a file (mapped) and in RAM.
///
/// Contexts are numbered nodes: a state is one 32-bit number, and a score is one hash look-up for
/// every order tried: ln P(w | h) = p(h, w) if seen, else backoff(h) + ln P(w | h without its first
/// word). ARPA holds log10; everything here is natural logarithms. A model without <unk> gives
/// unseen words 10^-100. Source: Katz 1987; Heafield 2011 for the idea of minimal states.
class NGram {
 public:
  /// Reads ARPA text or a compact file, told apart by content.
  /// Errors: NotFound, Io, DataCorrupt naming file and line.
  static std::shared_ptr<const NGram> load(const std::filesystem::path& path);
  static std::shared_ptr<const NGram> from_arpa(std::string_view text, const std::string& origin);
  /// Checks every index of the block before use. `owner` keeps it alive; 64-byte aligned.
  static std::shared_ptr<const NGram> from_block(std::span<const std::byte> block,
                                                 std::shared_ptr<const void> owner,
                                                 const std::string& origin);
  /// Writes the compact form (atomic). Errors: Io.
  void save(const std::filesystem::path& path) const;

  int order() const { return order_; }
  std::uint32_t vocab_size() const { return static_cast<std::uint32_t>(unigrams_.size()); }
  std::uint64_t num_ngrams() const { return vocab_size() + num_entries_; }
  /// Id of the word; the id of <unk> if it is not in the vocabulary.
  std::uint32_t find(std::string_view word) const;
  std::string_view word(std::uint32_t id) const;
  std::uint32_t unk() const { return unk_; }
  std::uint32_t eos() const { return eos_; }

  /// State after <s>; state of no context.
  std::uint32_t begin_state() const { return bos_ + 1; }
  static constexpr std::uint32_t kNullState = 0;
  /// ln P(word | state). Cost: O(order) look-ups, no allocation.
  float score(std::uint32_t state, std::uint32_t word, std::uint32_t& next) const noexcept;
  /// No context gives the word more than this.
  float upper_bound(std::uint32_t word) const { return bounds_[word]; }

  struct Node {
    float backoff;
    std::uint32_t suffix;  ///< the context without its first word; smaller than the own number
  };
  struct Entry {
    std::uint32_t node;  ///< context; 0: empty slot
    std::uint32_t word;
    float prob;
    std::uint32_t next;
  };
  struct Layout;

 private:
  NGram() = default;
  const Entry* lookup(std::uint32_t node, std::uint32_t word) const noexcept;
  void check(const std::string& origin) const;

  std::shared_ptr<const void> owner_;
  std::span<const std::byte> block_;
  int order_ = 0;
  std::uint32_t bos_ = 0, eos_ = 0, unk_ = 0;
  std::uint64_t num_entries_ = 0;
  std::uint64_t mask_ = 0;
  std::span<const float> unigrams_;
  std::span<const float> bounds_;
  std::span<const Node> nodes_;
  std::span<const Entry> table_;
  std::span<const std::uint32_t> sorted_;   ///< word ids in the order of their spelling
  std::span<const std::uint64_t> offsets_;  ///< into words_
  std::string_view words_;
};

/// An n-gram over tokens: LM word i is the spelling of token i, a space written U+2581.
std::shared_ptr<LanguageModel> make_token_lm(std::shared_ptr<const NGram> ngram,
                                             const std::vector<std::string>& pieces);
/// An n-gram over words: scores at word boundaries only; words it does not know are <unk>.
std::shared_ptr<LanguageModel> make_word_lm(std::shared_ptr<const NGram> ngram,
                                            TokenSurfaces surfaces);
/// An n-gram over characters (code points), the space between words written U+2581.
std::shared_ptr<LanguageModel> make_char_lm(std::shared_ptr<const NGram> ngram,
                                            TokenSurfaces surfaces);

}  // namespace nest::decode
