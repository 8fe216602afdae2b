#include "nest/decode/fusion_parts.h"

#include "nest/decode/ngram.h"
#include "nest/text/tokenizer.h"

namespace nest::decode {
namespace {

TokenSurfaces surfaces_of(const text::Tokenizer& tokenizer) {
  return make_surfaces(tokenizer.tokens(), special_tokens(tokenizer), tokenizer.kind() == "word");
}

}  // namespace

std::vector<TokenId> special_tokens(const text::Tokenizer& tokenizer) {
  std::vector<TokenId> special;
  for (int id = 0; id < tokenizer.size(); ++id) {
    if (tokenizer.is_special(id)) special.push_back(id);
  }
  return special;
}

std::shared_ptr<LanguageModel> make_ngram_lm(std::shared_ptr<const NGram> ngram, LmUnit unit,
                                             const text::Tokenizer& tokenizer) {
  switch (unit) {
    case LmUnit::kToken:
      return make_token_lm(std::move(ngram), tokenizer.tokens());
    case LmUnit::kChar:
      return make_char_lm(std::move(ngram), surfaces_of(tokenizer));
    default:
      return make_word_lm(std::move(ngram), surfaces_of(tokenizer));
  }
}

std::shared_ptr<const ClosedVocabulary> make_closed_vocabulary(std::span<const std::string> words,
                                                               const text::Tokenizer& tokenizer) {
  return std::make_shared<ClosedVocabulary>(
      ClosedVocabulary{Lexicon(words), surfaces_of(tokenizer)});
}

std::shared_ptr<const Hotwords> make_hotwords(const std::vector<std::string>& phrases,
                                              double weight, const text::Tokenizer& tokenizer) {
  std::vector<std::vector<TokenId>> encoded;
  for (const std::string& phrase : phrases) encoded.push_back(tokenizer.encode(phrase));
  return std::make_shared<Hotwords>(encoded, weight);
}

bool needs_fusion(const DecodeOptions& options) {
  return !options.lm.empty() || !options.hotwords.empty() || !options.vocabulary.empty() ||
         !options.banned_tokens.empty() || options.token_bonus != 0;
}

}  // namespace nest::decode
