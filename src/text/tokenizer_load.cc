#include <algorithm>

#include <nlohmann/json.hpp>

#include "nest/core/base64.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/json.h"
#include "nest/core/utf8.h"
#include "nest/text/bpe_tokenizer.h"
#include "nest/text/character_tokenizer.h"
#include "nest/text/sentencepiece_tokenizer.h"
#include "nest/text/word_tokenizer.h"

namespace nest::text {
namespace {

// The functions are templates over the JSON type: files are parsed into sorted objects, because the
// order-keeping type searches its entries one by one and large vocabularies would take minutes.

template <class J>
const J& member(const J& json, const char* key) {
  const auto at = json.find(key);
  require(at != json.end(), ErrorCode::kDataCorrupt, "key \"{}\" is missing", key);
  return *at;
}

template <class T, class J>
T value_of(const J& json, const char* key) {
  try {
    return json.template get<T>();
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorCode::kDataCorrupt, "\"{}\" has the wrong type: {}", key, error.what());
  }
}

template <class T, class J>
T value_or(const J& json, const char* key, T fallback) {
  const auto at = json.find(key);
  return at == json.end() ? fallback : value_of<T>(*at, key);
}

/// Tokens in id order. Ids must be 0 to n-1, each once.
template <class J>
TokenTable table_of(const J& json, const char* key) {
  const J& vocabulary = member(json, key);
  require(vocabulary.is_object(), ErrorCode::kDataCorrupt, "\"{}\" must map each token to its id",
          key);
  std::vector<std::string> tokens(vocabulary.size());
  std::vector<bool> taken(vocabulary.size(), false);
  for (auto at = vocabulary.begin(); at != vocabulary.end(); ++at) {
    const auto id = value_of<std::int64_t>(at.value(), key);
    require(id >= 0 && id < static_cast<std::int64_t>(tokens.size()), ErrorCode::kDataCorrupt,
            "\"{}\": token \"{}\" has id {}, but {} tokens must have ids 0 to {}", key, at.key(),
            id, tokens.size(), tokens.size() - 1);
    const auto index = static_cast<std::size_t>(id);
    require(!taken[index], ErrorCode::kDataCorrupt, "\"{}\": id {} is given to \"{}\" and \"{}\"",
            key, id, tokens[index], at.key());
    taken[index] = true;
    tokens[index] = at.key();
  }
  return TokenTable(std::move(tokens));
}

template <class J>
std::shared_ptr<const Tokenizer> read_bpe(const J& json) {
  BpeOptions options;
  options.vocab_size = value_or<int>(json, "vocab_size", options.vocab_size);
  options.lowercase = value_or<bool>(json, "lowercase", options.lowercase);
  options.compat = value_or<bool>(json, "compat", options.compat);
  auto special = value_or(json, "special_tokens", default_special_tokens());
  auto merges = value_of<std::vector<BpeTokenizer::Merge>>(member(json, "merges"), "merges");
  return std::make_shared<const BpeTokenizer>(table_of(json, "vocab"), std::move(special),
                                              std::move(merges), options);
}

template <class J>
std::shared_ptr<const Tokenizer> read_word(const J& json) {
  WordOptions options;
  options.max_vocab_size = value_or<int>(json, "max_vocab_size", options.max_vocab_size);
  options.min_frequency = value_or<int>(json, "min_frequency", options.min_frequency);
  const auto characters = value_or<std::string>(json, "characters", "ascii");
  options.characters = from_name<WordCharacters>(characters, ErrorCode::kDataCorrupt);
  auto special = value_or(json, "special_tokens", default_special_tokens());
  WordTokenizer::Counts counts;
  if (const auto at = json.find("word_counts"); at != json.end()) {
    require(at->is_object(), ErrorCode::kDataCorrupt, "\"word_counts\" must map words to counts");
    for (auto entry = at->begin(); entry != at->end(); ++entry) {
      counts.emplace_back(entry.key(), value_of<std::int64_t>(entry.value(), "word_counts"));
    }
  }
  return std::make_shared<const WordTokenizer>(table_of(json, "word_to_id"), std::move(special),
                                               options, std::move(counts));
}

template <class J>
std::shared_ptr<const Tokenizer> read_typed(const J& json, const std::string& type) {
  if (type == "character") {
    auto special = value_or(json, "special_tokens", default_special_tokens());
    return std::make_shared<const CharacterTokenizer>(table_of(json, "vocab"), std::move(special),
                                                      value_or<bool>(json, "lowercase", false));
  }
  if (type == "sentencepiece") {
    const auto text = value_of<std::string>(member(json, "model_base64"), "model_base64");
    const std::vector<std::byte> bytes = base64_decode(text);
    return SentencePieceTokenizer::from_model(
        {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  fail(ErrorCode::kDataCorrupt,
       "unknown tokenizer type \"{}\": known are character, "
       "sentencepiece, and the Python project's BPE and word files",
       type);
}

template <class J>
std::shared_ptr<const Tokenizer> read_any(const J& json) {
  require(json.is_object(), ErrorCode::kDataCorrupt, "a tokenizer must be a JSON object");
  if (json.contains("type") && !json.contains("merges") && !json.contains("word_to_id")) {
    return read_typed(json, value_of<std::string>(member(json, "type"), "type"));
  }
  if (json.contains("merges")) return read_bpe(json);
  if (json.contains("word_to_id")) return read_word(json);
  fail(
      ErrorCode::kDataCorrupt,
      "not a tokenizer: neither \"merges\" (BPE) nor \"word_to_id\" (words) nor \"type\" is there");
}

std::shared_ptr<const Tokenizer> read_text(std::string_view content) {
  nlohmann::json json;
  try {
    json = nlohmann::json::parse(content);
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorCode::kDataCorrupt, "not a tokenizer: {}", error.what());
  }
  return read_any(json);
}

}  // namespace

std::shared_ptr<const Tokenizer> tokenizer_from_json(const Json& content, std::string_view origin) {
  return with_context(origin, [&] { return read_any(content); });
}

std::shared_ptr<const Tokenizer> load_tokenizer(const std::filesystem::path& path) {
  const auto file = MappedFile::open(path);  // a SentencePiece model is no text
  const std::string_view content(reinterpret_cast<const char*>(file->bytes().data()), file->size());
  return with_context(path.string(), [&]() -> std::shared_ptr<const Tokenizer> {
    if (has_byte_order_mark(content)) {
      return read_text(without_byte_order_mark(std::string(content), "tokenizer"));
    }
    const std::size_t first = content.find_first_not_of(" \t\r\n");
    const bool is_json = first != std::string::npos && content[first] == '{';
    if (!is_json && path.extension() != ".json") {
      return SentencePieceTokenizer::from_model(content);
    }
    return read_text(content);
  });
}

}  // namespace nest::text
