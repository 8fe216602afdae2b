#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nest/core/options_fwd.h"
#include "nest/text/tokenizer.h"

namespace nest::text {

/// Which characters of a word are kept.
enum class WordCharacters {
  kAscii,    ///< the Python project's rule: a-z, 0-9 and . , ! ? after lower-casing
  kUnicode,  ///< letters, marks and digits of any script, and . , ! ? ' -
};
EnumTable enum_table(WordCharacters of);  ///< "ascii", "unicode"

struct WordOptions {
  int max_vocab_size = 10000;  ///< special tokens included
  int min_frequency = 2;
  WordCharacters characters = WordCharacters::kAscii;
};
void visit_fields(FieldVisitor& visitor, WordOptions& options);

/// One token a lower-cased word; the Python project's VocabularyBuilder and its JSON.
class WordTokenizer final : public Tokenizer {
 public:
  using Counts = std::vector<std::pair<std::string, std::int64_t>>;
  WordTokenizer(TokenTable table, std::vector<std::string> special_tokens, WordOptions options,
                Counts counts);

  /// The most frequent words; words of equal count in order of first appearance.
  static std::shared_ptr<const WordTokenizer> train(std::span<const std::string> texts,
                                                    const WordOptions& options = {});

  std::string_view kind() const override { return "word"; }
  std::vector<int> encode(std::string_view text) const override;
  std::string decode(std::span<const int> ids) const override;
  Json to_json() const override;

 private:
  std::vector<std::string> special_tokens_;
  WordOptions options_;
  Counts counts_;
};

}  // namespace nest::text
