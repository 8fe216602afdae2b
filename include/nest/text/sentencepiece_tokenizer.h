#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nest/core/options_fwd.h"
#include "nest/text/tokenizer.h"

namespace nest::text {

enum class SentencePieceType { kUnigram, kBpe, kChar, kWord };
EnumTable enum_table(SentencePieceType of);  ///< "unigram", "bpe", "char", "word"

struct SentencePieceOptions {
  int vocab_size = 1000;
  SentencePieceType model_type = SentencePieceType::kUnigram;
  double character_coverage = 1.0;
};
void visit_fields(FieldVisitor& visitor, SentencePieceOptions& options);

/// SentencePiece through its own library (Kudo & Richardson 2018). A model carries its own rule of
/// normalisation (NFKC, identity, ...); the text reaches it as it is.
class SentencePieceTokenizer final : public Tokenizer {
 public:
  /// From the bytes of a ".model" file. Errors: DataCorrupt.
  static std::shared_ptr<const SentencePieceTokenizer> from_model(std::string_view bytes);
  /// Special tokens are <PAD> 0, <UNK> 1, <SOS> 2, <EOS> 3.
  /// Errors: InvalidArgument with the library's reason (vocabulary too large for the text, ...).
  static std::shared_ptr<const SentencePieceTokenizer> train(
      std::span<const std::string> texts, const SentencePieceOptions& options = {});
  ~SentencePieceTokenizer() override;

  std::string_view kind() const override { return "sentencepiece"; }
  std::vector<int> encode(std::string_view text) const override;
  std::string decode(std::span<const int> ids) const override;
  Json to_json() const override;
  /// The bytes of the ".model" file.
  const std::string& model_bytes() const;

 private:
  struct Impl;
  SentencePieceTokenizer(std::unique_ptr<Impl> impl, TokenTable table, SpecialIds special);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nest::text
