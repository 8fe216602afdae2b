#include "nest/text/word_tokenizer.h"

#include <algorithm>
#include <unordered_map>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "nest/core/utf8.h"
#include "nest/text/unicode.h"
#include "text/vocabulary_json.h"

namespace nest::text {
namespace {

bool is_kept(char32_t c, WordCharacters characters) {
  if (c == '.' || c == ',' || c == '!' || c == '?' || is_space(c)) return true;
  if (characters == WordCharacters::kUnicode) return c == '\'' || c == '-' || is_word_character(c);
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

std::vector<std::string> words_of(std::string_view text, WordCharacters characters) {
  const bool unicode = characters == WordCharacters::kUnicode;
  std::string kept;
  for (const char32_t c : decode_utf8(lowercase(unicode ? nfc(text) : std::string(text)))) {
    if (is_kept(c, characters)) append_utf8(kept, c);
  }
  return split_words(kept);
}

}  // namespace

EnumTable enum_table(WordCharacters /*of*/) {
  static constexpr EnumName kNames[] = {{WordCharacters::kAscii, "ascii"},
                                        {WordCharacters::kUnicode, "unicode"}};
  return {"rule for words", kNames};
}

void visit_fields(FieldVisitor& visitor, WordOptions& o) {
  visitor.field("max_vocab_size", o.max_vocab_size, "largest vocabulary, special tokens included",
                at_least(5));
  visitor.field("min_frequency", o.min_frequency, "of a word that gets a token", at_least(1));
  visitor.field("characters", o.characters, "what words are made of");
}

WordTokenizer::WordTokenizer(TokenTable table, std::vector<std::string> special_tokens,
                             WordOptions options, Counts counts)
    : Tokenizer(std::move(table)),
      special_tokens_(std::move(special_tokens)),
      options_(options),
      counts_(std::move(counts)) {}

std::shared_ptr<const WordTokenizer> WordTokenizer::train(std::span<const std::string> texts,
                                                          const WordOptions& options) {
  validate(options);
  Counts counts;
  std::unordered_map<std::string, std::size_t> index;
  for (const std::string& text : texts) {
    for (std::string& word : words_of(text, options.characters)) {
      const auto [at, fresh] = index.emplace(word, counts.size());
      if (fresh) counts.emplace_back(std::move(word), 0);
      ++counts[at->second].second;
    }
  }
  Counts kept;
  for (const auto& entry : counts) {
    if (entry.second >= options.min_frequency) kept.push_back(entry);
  }
  std::stable_sort(kept.begin(), kept.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::vector<std::string> tokens = default_special_tokens();
  const std::size_t room = static_cast<std::size_t>(options.max_vocab_size) - tokens.size();
  for (std::size_t i = 0; i < std::min(room, kept.size()); ++i) tokens.push_back(kept[i].first);
  return std::make_shared<const WordTokenizer>(
      TokenTable(std::move(tokens)), default_special_tokens(), options, std::move(counts));
}

std::vector<int> WordTokenizer::encode(std::string_view text) const {
  std::vector<int> ids;
  for (const std::string& word : words_of(text, options_.characters)) {
    ids.push_back(find(word).value_or(special().unk));
  }
  return ids;
}

std::string WordTokenizer::decode(std::span<const int> ids) const {
  std::string text;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i > 0) text += ' ';
    text += ids[i] >= 0 && ids[i] < size() ? token(ids[i]) : token(special().unk);
  }
  return text;
}

Json WordTokenizer::to_json() const {
  Json json;
  json["max_vocab_size"] = options_.max_vocab_size;
  json["min_frequency"] = options_.min_frequency;
  json["special_tokens"] = special_tokens_;
  if (options_.characters == WordCharacters::kUnicode) json["characters"] = "unicode";
  json["word_to_id"] = vocabulary_json(tokens());
  Json counts = Json::object();
  auto& entries =
      static_cast<std::vector<Json::object_t::value_type>&>(counts.get_ref<Json::object_t&>());
  for (const auto& [word, count] : counts_) entries.emplace_back(word, count);
  json["word_counts"] = std::move(counts);
  return json;
}

}  // namespace nest::text
