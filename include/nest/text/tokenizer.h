#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "nest/core/json_fwd.h"

namespace nest::text {

/// Ids with a meaning of their own; -1: this vocabulary has none. Found by name in any case:
/// "<PAD>", "<UNK>", "<SOS>" (or "<s>", "<bos>"), "<EOS>" (or "</s>"), "<BLANK>".
struct SpecialIds {
  int pad = -1;
  int unk = -1;
  int sos = -1;
  int eos = -1;
  int blank = -1;  ///< CTC and RNN-T: "<BLANK>" if there is one, else the padding id
};

/// "<PAD>", "<UNK>", "<SOS>", "<EOS>": ids 0 to 3 of every vocabulary trained here.
std::vector<std::string> default_special_tokens();

/// Tokens with dense ids from 0, both ways.
class TokenTable {
 public:
  TokenTable() = default;
  /// Errors: DataCorrupt for an empty list, a repeated token, or one that is not UTF-8.
  explicit TokenTable(std::vector<std::string> tokens);

  int size() const { return static_cast<int>(tokens_.size()); }
  const std::vector<std::string>& tokens() const { return tokens_; }
  std::optional<int> find(std::string_view token) const;

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::vector<std::string> tokens_;
  std::unordered_map<std::string, int, Hash, std::equal_to<>> ids_;
};

/// Id of "<BLANK>" in any case, else `pad`.
int find_blank(const TokenTable& table, int pad);

/// Text to token ids and back; immutable once made, so every call is thread-safe.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  /// "character", "word", "bpe" or "sentencepiece".
  virtual std::string_view kind() const = 0;
  /// Ids without <SOS> and <EOS>; unknown symbols become the unknown id.
  /// Errors: DataCorrupt for text that is not UTF-8.
  virtual std::vector<int> encode(std::string_view text) const = 0;
  /// Text of every id as the Python project writes it: special tokens by name, ids out of range as
  /// "<UNK>".
  virtual std::string decode(std::span<const int> ids) const = 0;
  /// The complete content, so that tokenizer_from_json(to_json()) is the same tokenizer.
  virtual Json to_json() const = 0;

  /// Text of a recognised sequence: decode() without padding, start, end and blank ids.
  std::string text_of(std::span<const int> ids) const;

  int size() const { return table_.size(); }
  /// Errors: InvalidArgument if the id is out of range.
  const std::string& token(int id) const;
  const std::vector<std::string>& tokens() const { return table_.tokens(); }
  std::optional<int> find(std::string_view token) const { return table_.find(token); }
  const SpecialIds& special() const { return special_; }
  bool is_special(int id) const;

 protected:
  Tokenizer(TokenTable table, SpecialIds special);
  /// Special ids found by name. Errors: DataCorrupt if there is no "<UNK>".
  explicit Tokenizer(TokenTable table);

 private:
  TokenTable table_;
  SpecialIds special_;
};

/// Reads a tokenizer file: the Python project's BPE and word JSON, this project's character and
/// SentencePiece JSON, or a SentencePiece ".model".
/// Errors: NotFound, Io, DataCorrupt naming the file and what is wrong in it.
std::shared_ptr<const Tokenizer> load_tokenizer(const std::filesystem::path& path);

/// The same from JSON content, as checkpoints and packages carry it. `origin` names it in errors.
std::shared_ptr<const Tokenizer> tokenizer_from_json(const Json& content,
                                                     std::string_view origin = "tokenizer");

/// Writes to_json() (atomic, indented). Errors: Io.
void save_tokenizer(const Tokenizer& tokenizer, const std::filesystem::path& path);

}  // namespace nest::text
