#include "nest/text/tokenizer.h"

#include <algorithm>
#include <initializer_list>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/json.h"
#include "nest/core/utf8.h"
#include "nest/text/unicode.h"

namespace nest::text {
namespace {

/// The first token that is one of the names in any case; -1 if there is none.
int find_named(const TokenTable& table, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    for (int id = 0; id < table.size(); ++id) {
      const std::string& token = table.tokens()[static_cast<std::size_t>(id)];
      if (token.size() == name.size() && lower_ascii(token) == name) return id;
    }
  }
  return -1;
}

SpecialIds special_by_name(const TokenTable& table) {
  SpecialIds ids;
  ids.pad = find_named(table, {"<pad>"});
  ids.unk = find_named(table, {"<unk>"});
  ids.sos = find_named(table, {"<sos>", "<s>", "<bos>"});
  ids.eos = find_named(table, {"<eos>", "</s>"});
  ids.blank = find_blank(table, ids.pad);
  require(ids.unk >= 0, ErrorCode::kDataCorrupt,
          "the vocabulary of {} tokens has no \"<UNK>\": nothing stands for unknown text",
          table.size());
  return ids;
}

}  // namespace

int find_blank(const TokenTable& table, int pad) {
  const int blank = find_named(table, {"<blank>"});
  return blank >= 0 ? blank : pad;
}

std::vector<std::string> default_special_tokens() {
  return {"<PAD>", "<UNK>", "<SOS>", "<EOS>"};
}

TokenTable::TokenTable(std::vector<std::string> tokens) : tokens_(std::move(tokens)) {
  require(!tokens_.empty(), ErrorCode::kDataCorrupt, "the vocabulary is empty");
  ids_.reserve(tokens_.size());
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    with_context("token", [&] { decode_utf8(tokens_[i]); });
    const auto [at, fresh] = ids_.emplace(tokens_[i], static_cast<int>(i));
    require(fresh, ErrorCode::kDataCorrupt, "token \"{}\" has two ids: {} and {}", tokens_[i],
            at->second, i);
  }
}

std::optional<int> TokenTable::find(std::string_view token) const {
  const auto at = ids_.find(token);
  if (at == ids_.end()) return std::nullopt;
  return at->second;
}

Tokenizer::Tokenizer(TokenTable table, SpecialIds special)
    : table_(std::move(table)), special_(special) {}

Tokenizer::Tokenizer(TokenTable table) : table_(std::move(table)) {
  special_ = special_by_name(table_);
}

const std::string& Tokenizer::token(int id) const {
  require(id >= 0 && id < size(), ErrorCode::kInvalidArgument,
          "token id {} is out of range: the vocabulary has ids 0 to {}", id, size() - 1);
  return tokens()[static_cast<std::size_t>(id)];
}

bool Tokenizer::is_special(int id) const {
  const SpecialIds& s = special_;
  return id >= 0 && (id == s.pad || id == s.unk || id == s.sos || id == s.eos || id == s.blank);
}

std::string Tokenizer::text_of(std::span<const int> ids) const {
  std::vector<int> kept;
  kept.reserve(ids.size());
  for (const int id : ids) {
    if (!is_special(id) || id == special_.unk) kept.push_back(id);
  }
  return decode(kept);
}

void save_tokenizer(const Tokenizer& tokenizer, const std::filesystem::path& path) {
  write_text_file(path, tokenizer.to_json().dump(2) + "\n");
}

}  // namespace nest::text
