#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "nest/core/options_fwd.h"
#include "nest/text/tokenizer.h"

namespace nest::text {

struct CharacterOptions {
  bool lowercase = false;
  int min_frequency = 1;  ///< training: rarer characters become <UNK>
};
void visit_fields(FieldVisitor& visitor, CharacterOptions& options);

/// One token a code point, after NFC; space is a token like any other.
class CharacterTokenizer final : public Tokenizer {
 public:
  CharacterTokenizer(TokenTable table, std::vector<std::string> special_tokens, bool lowercase);

  /// Special tokens first, then characters by code point.
  /// Errors: DataCorrupt for text that is not UTF-8.
  static std::shared_ptr<const CharacterTokenizer> train(std::span<const std::string> texts,
                                                         const CharacterOptions& options = {});

  std::string_view kind() const override { return "character"; }
  std::vector<int> encode(std::string_view text) const override;
  std::string decode(std::span<const int> ids) const override;
  Json to_json() const override;

 private:
  std::vector<std::string> special_tokens_;
  bool lowercase_;
};

}  // namespace nest::text
