#include "nest/recognize/language_models.h"

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/decode/fusion_parts.h"
#include "nest/decode/neural_lm.h"
#include "nest/decode/ngram.h"

namespace nest::recognize {
namespace {

/// The entry of a key, made when first asked for.
template <class Map, class Make>
typename Map::mapped_type& entry_of(Map& map, const typename Map::key_type& key, const Make& make) {
  const auto found = map.find(key);
  if (found != map.end()) return found->second;
  return map.emplace(key, make()).first->second;
}

std::vector<std::string> read_words(const std::string& path) {
  std::vector<std::string> words = read_lines(path);
  std::erase(words, "");
  require(!words.empty(), ErrorCode::kDataCorrupt, "{}: no words", path);
  return words;
}

}  // namespace

LanguageModels::LanguageModels(std::shared_ptr<const text::Tokenizer> tokenizer,
                               ExecutorOptions executor)
    : tokenizer_(std::move(tokenizer)), executor_(std::move(executor)) {}

const text::Tokenizer& LanguageModels::need_tokenizer() const {
  require(tokenizer_ != nullptr, ErrorCode::kInvalidArgument,
          "a language model, hotwords or a vocabulary need the model's tokenizer; it has none");
  return *tokenizer_;
}

const RunnableModel& LanguageModels::network(const std::string& path) {
  return entry_of(networks_, path, [&] {
    RunnableModel runnable = load_runnable(path, {}, executor_);
    const graph::Model& model = *runnable.model;
    require(model.family == graph::Family::kLanguage, ErrorCode::kInvalidArgument,
            "{} is a model of family {}, not a language model (nest train with model_name NEST_LM)",
            path, name_of(model.family));
    require(model.vocabulary.tokenizer == tokenizer_->to_json(), ErrorCode::kDataCorrupt,
            "{} has another tokenizer than the recogniser; train it with the recogniser's "
            "tokenizer.json",
            path);
    return runnable;
  });
}

std::shared_ptr<decode::LanguageModel> LanguageModels::language_model(const std::string& path,
                                                                      decode::LmUnit lm_unit) {
  const text::Tokenizer& tokenizer = need_tokenizer();
  const std::lock_guard lock(mutex_);
  if (decode::is_neural_lm(path)) return decode::make_neural_lm(network(path).make_executor());
  return entry_of(bound_, {path, lm_unit}, [&] {
    auto ngram = entry_of(ngrams_, path, [&] { return decode::NGram::load(path); });
    return decode::make_ngram_lm(std::move(ngram), lm_unit, tokenizer);
  });
}

std::shared_ptr<const decode::ClosedVocabulary> LanguageModels::vocabulary(
    const std::string& path) {
  const text::Tokenizer& tokenizer = need_tokenizer();
  const std::lock_guard lock(mutex_);
  return entry_of(vocabularies_, path,
                  [&] { return decode::make_closed_vocabulary(read_words(path), tokenizer); });
}

std::shared_ptr<const decode::Hotwords> LanguageModels::hotwords(
    const std::vector<std::string>& phrases, double weight) const {
  return decode::make_hotwords(phrases, weight, need_tokenizer());
}

std::size_t LanguageModels::files_read() const {
  const std::lock_guard lock(mutex_);
  return ngrams_.size() + networks_.size() + vocabularies_.size();
}

std::shared_ptr<const decode::Fusion> make_fusion(const decode::DecodeOptions& options,
                                                  LanguageModels& languages) {
  if (!decode::needs_fusion(options)) return nullptr;
  decode::FusionParts parts;
  parts.lm_weight = options.lm_weight;
  parts.token_bonus = options.token_bonus;
  parts.banned.assign(options.banned_tokens.begin(), options.banned_tokens.end());
  if (!options.lm.empty()) parts.lm = languages.language_model(options.lm, options.lm_unit);
  if (!options.hotwords.empty())
    parts.hotwords = languages.hotwords(options.hotwords, options.hotword_weight);
  if (!options.vocabulary.empty()) {
    parts.vocabulary = languages.vocabulary(options.vocabulary);
    const auto special = decode::special_tokens(*languages.tokenizer());
    parts.banned.insert(parts.banned.end(), special.begin(), special.end());
  }
  return std::make_shared<decode::Fusion>(std::move(parts));
}

decode::Guides make_guides(const decode::DecodeOptions& options, LanguageModels& languages) {
  decode::Guides guides{make_fusion(options, languages), nullptr};
  if (!options.rescore_lm.empty()) {
    guides.rescorer = languages.language_model(options.rescore_lm, options.lm_unit);
  }
  return guides;
}

}  // namespace nest::recognize
