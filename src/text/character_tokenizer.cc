#include "nest/text/character_tokenizer.h"

#include <map>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "nest/text/unicode.h"
#include "text/vocabulary_json.h"

namespace nest::text {
namespace {

std::u32string characters_of(std::string_view text, bool lower) {
  return decode_utf8(nfc(lower ? lowercase(text) : std::string(text)));
}

}  // namespace

CharacterTokenizer::CharacterTokenizer(TokenTable table, std::vector<std::string> special_tokens,
                                       bool lowercase)
    : Tokenizer(std::move(table)),
      special_tokens_(std::move(special_tokens)),
      lowercase_(lowercase) {}

void visit_fields(FieldVisitor& visitor, CharacterOptions& o) {
  visitor.field("lowercase", o.lowercase, "all text in lower case");
  visitor.field("min_frequency", o.min_frequency, "of a character that gets a token", at_least(1));
}

std::shared_ptr<const CharacterTokenizer> CharacterTokenizer::train(
    std::span<const std::string> texts, const CharacterOptions& options) {
  validate(options);
  std::map<char32_t, std::int64_t> counts;
  for (const std::string& text : texts) {
    for (const char32_t c : characters_of(text, options.lowercase)) ++counts[c];
  }
  std::vector<std::string> tokens = default_special_tokens();
  for (const auto& [character, count] : counts) {
    if (count >= options.min_frequency) tokens.push_back(encode_utf8({&character, 1}));
  }
  return std::make_shared<const CharacterTokenizer>(TokenTable(std::move(tokens)),
                                                    default_special_tokens(), options.lowercase);
}

std::vector<int> CharacterTokenizer::encode(std::string_view text) const {
  std::vector<int> ids;
  for (const char32_t c : characters_of(text, lowercase_)) {
    ids.push_back(find(encode_utf8({&c, 1})).value_or(special().unk));
  }
  return ids;
}

std::string CharacterTokenizer::decode(std::span<const int> ids) const {
  std::string text;
  for (const int id : ids) text += id >= 0 && id < size() ? token(id) : token(special().unk);
  return text;
}

Json CharacterTokenizer::to_json() const {
  Json json;
  json["type"] = "character";
  json["lowercase"] = lowercase_;
  json["special_tokens"] = special_tokens_;
  json["vocab"] = vocabulary_json(tokens());
  return json;
}

}  // namespace nest::text
