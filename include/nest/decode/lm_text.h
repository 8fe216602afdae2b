#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nest/decode/ngram.h"
#include "nest/decode/options.h"

namespace nest::text {
class Tokenizer;
}

namespace nest::decode {

/// U+2581, which stands for the space between words where tokens are characters.
inline constexpr std::string_view kSpaceMark = "\xE2\x96\x81";

/// Words as the language model sees them: "a b" -> {"a", "b"} (split at white space).
std::vector<std::string> split_words(std::string_view line);
/// "a b" -> {"a", U+2581, "b"}: code points, the space between words written U+2581.
std::vector<std::string> split_characters(std::string_view line);
/// The token's word in an ARPA file: spaces become U+2581.
std::string lm_word_of_piece(std::string_view piece);

/// Splits lines into the words of a language model: words, characters, or a tokenizer's tokens.
class LmSplitter {
 public:
  /// Errors: InvalidArgument unless there is a tokenizer for LmUnit::kToken, and only for it.
  explicit LmSplitter(LmUnit unit, std::shared_ptr<const text::Tokenizer> tokenizer = nullptr);
  /// Unknown symbols of a tokenizer become "<unk-token>". Errors: those of Tokenizer::encode.
  std::vector<std::string> operator()(std::string_view line) const;

 private:
  LmUnit unit_;
  std::shared_ptr<const text::Tokenizer> tokenizer_;
};

/// What a language model thinks of text; sums over sentences.
struct TextScore {
  double log_prob = 0;        ///< natural logarithm
  std::uint64_t words = 0;    ///< sentence ends counted
  std::uint64_t unknown = 0;  ///< of these, words that the model does not know
  /// exp(-log_prob / words); 1 without words.
  double perplexity() const;
  TextScore& operator+=(const TextScore& other);
};
/// One sentence, from <s> to </s>.
TextScore score_sentence(const NGram& model, std::span<const std::string> words);

}  // namespace nest::decode
