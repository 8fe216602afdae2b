#include "nest/text/bpe_tokenizer.h"

#include <algorithm>
#include <limits>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "nest/text/unicode.h"
#include "text/bpe_compat.h"
#include "text/vocabulary_json.h"

namespace nest::text {
namespace {

constexpr std::string_view kWordEnd = "</w>";
constexpr std::uint32_t kNoSymbol = std::numeric_limits<std::uint32_t>::max();

std::uint64_t pair_key(std::uint32_t left, std::uint32_t right) {
  return std::uint64_t{left} << 32 | right;
}

/// Every symbol the merges and the vocabulary name, each once.
TokenTable collect_symbols(const std::vector<std::string>& tokens,
                           const std::vector<BpeTokenizer::Merge>& merges) {
  std::vector<std::string> symbols = tokens;
  symbols.emplace_back(kWordEnd);
  for (const auto& [left, right] : merges) {
    symbols.push_back(left);
    symbols.push_back(right);
    symbols.push_back(left + right);
  }
  std::sort(symbols.begin(), symbols.end());
  symbols.erase(std::unique(symbols.begin(), symbols.end()), symbols.end());
  return TokenTable(std::move(symbols));
}

/// Replaces each "left right" by result, from the left, in place.
void merge_symbols(std::vector<std::uint32_t>& symbols, std::uint64_t pair, std::uint32_t result) {
  std::size_t out = 0;
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    if (i + 1 < symbols.size() && pair_key(symbols[i], symbols[i + 1]) == pair) {
      symbols[out++] = result;
      ++i;
    } else {
      symbols[out++] = symbols[i];
    }
  }
  symbols.resize(out);
}

}  // namespace

void visit_fields(FieldVisitor& visitor, BpeOptions& o) {
  visitor.field("vocab_size", o.vocab_size, "largest vocabulary, special tokens included",
                at_least(5));
  visitor.field("min_frequency", o.min_frequency, "of a pair that is merged", at_least(1));
  visitor.field("lowercase", o.lowercase, "all text in lower case");
  visitor.field("compat", o.compat, "merge as the Python project does");
}

BpeTokenizer::BpeTokenizer(TokenTable table, std::vector<std::string> special_tokens,
                           std::vector<Merge> merges, BpeOptions options)
    : Tokenizer(std::move(table)),
      special_tokens_(std::move(special_tokens)),
      merges_(std::move(merges)),
      options_(options),
      symbols_(collect_symbols(tokens(), merges_)) {
  symbol_to_id_.reserve(symbols_.tokens().size());
  for (const std::string& symbol : symbols_.tokens()) {
    symbol_to_id_.push_back(find(symbol).value_or(special().unk));
  }
  ranks_.reserve(merges_.size());
  const auto symbol_of = [&](const std::string& text) {
    return static_cast<std::uint32_t>(*symbols_.find(text));
  };
  for (std::size_t i = 0; i < merges_.size(); ++i) {
    const auto& [left, right] = merges_[i];
    ranks_.push_back({pair_key(symbol_of(left), symbol_of(right)), static_cast<std::uint32_t>(i),
                      symbol_of(left + right)});
  }
  std::sort(ranks_.begin(), ranks_.end());
}

const BpeTokenizer::Rank* BpeTokenizer::first_rank(std::uint32_t left, std::uint32_t right,
                                                   std::uint32_t from) const {
  if (left == kNoSymbol || right == kNoSymbol) return nullptr;
  const Rank wanted{pair_key(left, right), from, 0};
  const auto at = std::lower_bound(ranks_.begin(), ranks_.end(), wanted);
  return at != ranks_.end() && at->pair == wanted.pair ? &*at : nullptr;
}

void BpeTokenizer::encode_word(std::string_view word, std::vector<int>& ids) const {
  std::vector<std::uint32_t> symbols;
  const auto append = [&](std::string_view text) {
    const std::optional<int> symbol = symbols_.find(text);
    symbols.push_back(symbol ? static_cast<std::uint32_t>(*symbol) : kNoSymbol);
  };
  for (const std::string& character : split_characters(word)) append(character);
  append(kWordEnd);
  std::uint32_t from = 0;
  while (symbols.size() > 1) {
    const Rank* best = nullptr;
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
      const Rank* rank = first_rank(symbols[i], symbols[i + 1], from);
      if (rank != nullptr && (best == nullptr || rank->rank < best->rank)) best = rank;
    }
    if (best == nullptr) break;
    merge_symbols(symbols, best->pair, best->result);
    from = best->rank + 1;
  }
  for (const std::uint32_t symbol : symbols) {
    ids.push_back(symbol == kNoSymbol ? special().unk : symbol_to_id_[symbol]);
  }
}

void BpeTokenizer::encode_word_compat(std::string_view word, std::vector<int>& ids) const {
  std::string spaced = compat::spaced_word(word);
  for (const Merge& merge : merges_) compat::replace_all(spaced, merge);
  for (const std::string& symbol : split_words(spaced)) {
    ids.push_back(find(symbol).value_or(special().unk));
  }
}

std::vector<int> BpeTokenizer::encode(std::string_view text) const {
  std::string plain = options_.compat ? std::string(text) : nfc(text);
  if (options_.lowercase) plain = text::lowercase(plain);
  std::vector<int> ids;
  for (const std::string& word : split_words(plain)) {
    options_.compat ? encode_word_compat(word, ids) : encode_word(word, ids);
  }
  return ids;
}

std::string BpeTokenizer::decode(std::span<const int> ids) const {
  std::string joined;
  for (const int id : ids) joined += id >= 0 && id < size() ? token(id) : token(special().unk);
  std::string text;
  std::size_t from = 0;
  for (std::size_t at = joined.find(kWordEnd); at != std::string::npos;
       at = joined.find(kWordEnd, from)) {
    text.append(joined, from, at - from).push_back(' ');
    from = at + kWordEnd.size();
  }
  text.append(joined, from);
  return strip(text);
}

Json BpeTokenizer::to_json() const {
  Json json;
  json["vocab_size"] = options_.vocab_size;
  json["special_tokens"] = special_tokens_;
  json["vocab"] = vocabulary_json(tokens());
  json["merges"] = Json::array();
  for (const auto& [left, right] : merges_) json["merges"].push_back({left, right});
  if (!options_.lowercase) json["lowercase"] = false;
  if (options_.compat) json["compat"] = true;
  return json;
}

}  // namespace nest::text
