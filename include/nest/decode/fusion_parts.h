#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "nest/decode/fusion.h"
#include "nest/decode/options.h"

namespace nest::text {
class Tokenizer;
}

namespace nest::decode {

class NGram;

// Outside knowledge in the tokens of one tokenizer.

/// An n-gram over tokens, words or characters. Shareable between decoders.
/// Errors: DataCorrupt if its words do not fit the unit.
std::shared_ptr<LanguageModel> make_ngram_lm(std::shared_ptr<const NGram> ngram, LmUnit unit,
                                             const text::Tokenizer& tokenizer);

/// Text that consists of these words. Errors: those of Lexicon.
std::shared_ptr<const ClosedVocabulary> make_closed_vocabulary(std::span<const std::string> words,
                                                               const text::Tokenizer& tokenizer);

/// Errors: InvalidArgument for a phrase without a token.
std::shared_ptr<const Hotwords> make_hotwords(const std::vector<std::string>& phrases,
                                              double weight, const text::Tokenizer& tokenizer);

/// Ids that no text contains (<PAD>, <SOS>, ...); a closed vocabulary bans them.
std::vector<TokenId> special_tokens(const text::Tokenizer& tokenizer);

/// True if the options name anything that a Fusion carries: a language model, hotwords, a
/// vocabulary, banned tokens, a token bonus.
bool needs_fusion(const DecodeOptions& options);

}  // namespace nest::decode
