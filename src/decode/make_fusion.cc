#include <utility>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/decode/model_recognizer.h"
#include "nest/decode/ngram.h"
#include "nest/text/tokenizer.h"

namespace nest::decode {

namespace {

std::vector<TokenId> special_tokens(const text::Tokenizer& tokenizer) {
  std::vector<TokenId> special;
  for (int id = 0; id < tokenizer.size(); ++id) {
    if (tokenizer.is_special(id)) special.push_back(id);
  }
  return special;
}

TokenSurfaces surfaces_of(const text::Tokenizer& tokenizer) {
  return make_surfaces(tokenizer.tokens(), special_tokens(tokenizer), tokenizer.kind() == "word");
}

std::shared_ptr<LanguageModel> load_lm(const std::string& path, const std::string& unit,
                                       const text::Tokenizer& tokenizer,
                                       std::shared_ptr<LanguageModel> network) {
  if (is_neural_lm(path)) {
    require(network != nullptr, ErrorCode::kInvalidArgument,
            "{}: a network cannot be used here; take an n-gram model (nest lm)", path);
    return network;
  }
  const TokenSurfaces surfaces = surfaces_of(tokenizer);
  auto ngram = NGram::load(path);
  switch (lm_unit_from_name(unit)) {
    case LmUnit::kToken:
      return make_token_lm(std::move(ngram), tokenizer.tokens());
    case LmUnit::kChar:
      return make_char_lm(std::move(ngram), surfaces);
    default:
      return make_word_lm(std::move(ngram), surfaces);
  }
}

std::vector<std::string> read_words(const std::string& path) {
  const std::string text = read_text_file(path);
  std::vector<std::string> words;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string word = text.substr(begin, end - begin);
    if (word.ends_with('\r')) word.pop_back();
    if (!word.empty()) words.push_back(std::move(word));
    begin = end + 1;
  }
  require(!words.empty(), ErrorCode::kDataCorrupt, "{}: no words", path);
  return words;
}

std::shared_ptr<const Hotwords> encode_hotwords(const DecodeOptions& options,
                                                const text::Tokenizer& tokenizer) {
  std::vector<std::vector<TokenId>> phrases;
  for (const std::string& phrase : options.hotwords) phrases.push_back(tokenizer.encode(phrase));
  return std::make_shared<Hotwords>(phrases, options.hotword_weight);
}

}  // namespace

std::shared_ptr<const Fusion> make_fusion(const DecodeOptions& options,
                                          const text::Tokenizer* tokenizer,
                                          std::shared_ptr<LanguageModel> neural_lm) {
  const bool needs_text =
      !options.lm.empty() || !options.hotwords.empty() || !options.vocabulary.empty();
  if (!needs_text && options.banned_tokens.empty() && options.token_bonus == 0) return nullptr;
  FusionParts parts;
  parts.lm_weight = options.lm_weight;
  parts.token_bonus = options.token_bonus;
  for (std::int64_t id : options.banned_tokens) parts.banned.push_back(static_cast<TokenId>(id));
  if (needs_text) {
    require(tokenizer != nullptr, ErrorCode::kInvalidArgument,
            "a language model, hotwords or a vocabulary need the model's tokenizer; it has none");
    if (!options.lm.empty()) {
      parts.lm = load_lm(options.lm, options.lm_unit, *tokenizer, std::move(neural_lm));
    }
    if (!options.hotwords.empty()) parts.hotwords = encode_hotwords(options, *tokenizer);
    if (!options.vocabulary.empty()) {
      parts.vocabulary = std::make_shared<ClosedVocabulary>(
          ClosedVocabulary{Lexicon(read_words(options.vocabulary)), surfaces_of(*tokenizer)});
      const auto special = special_tokens(*tokenizer);
      parts.banned.insert(parts.banned.end(), special.begin(), special.end());
    }
  }
  return std::make_shared<Fusion>(std::move(parts));
}

std::shared_ptr<LanguageModel> make_rescorer(const DecodeOptions& options,
                                             const text::Tokenizer* tokenizer,
                                             std::shared_ptr<LanguageModel> neural_lm) {
  if (options.rescore_lm.empty()) return nullptr;
  require(tokenizer != nullptr, ErrorCode::kInvalidArgument,
          "rescore-lm needs the model's tokenizer; it has none");
  return load_lm(options.rescore_lm, options.lm_unit, *tokenizer, std::move(neural_lm));
}

}  // namespace nest::decode
