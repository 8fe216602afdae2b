#include "nest/text/sentencepiece_tokenizer.h"

#include "nest/core/base64.h"
#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "nest/text/unicode.h"
#include "sentencepiece_library.h"

namespace nest::text {
struct SentencePieceTokenizer::Impl {
  explicit Impl(std::string_view bytes) : processor(bytes), model(bytes) {}
  SentencePieceModel processor;
  std::string model;
};

EnumTable enum_table(SentencePieceType /*of*/) {
  static constexpr EnumName kNames[] = {{SentencePieceType::kUnigram, "unigram"},
                                        {SentencePieceType::kBpe, "bpe"},
                                        {SentencePieceType::kChar, "char"},
                                        {SentencePieceType::kWord, "word"}};
  return {"SentencePiece model type", kNames};
}

void visit_fields(FieldVisitor& visitor, SentencePieceOptions& o) {
  visitor.field("vocab_size", o.vocab_size, "special tokens included", at_least(5));
  visitor.field("model_type", o.model_type, "how pieces are found");
  visitor.field("character_coverage", o.character_coverage, "share of the characters kept",
                above(0).to(1));
}

SentencePieceTokenizer::SentencePieceTokenizer(std::unique_ptr<Impl> impl, TokenTable table,
                                               SpecialIds special)
    : Tokenizer(std::move(table), special), impl_(std::move(impl)) {}

SentencePieceTokenizer::~SentencePieceTokenizer() = default;

std::shared_ptr<const SentencePieceTokenizer> SentencePieceTokenizer::from_model(
    std::string_view bytes) {
  auto impl = std::make_unique<Impl>(bytes);
  const auto& processor = impl->processor;
  std::vector<std::string> tokens;
  for (int id = 0; id < processor.size(); ++id) tokens.push_back(processor.piece(id));
  SpecialIds special;
  special.pad = processor.pad_id();
  special.unk = processor.unk_id();
  special.sos = processor.bos_id();
  special.eos = processor.eos_id();
  TokenTable table(std::move(tokens));
  special.blank = find_blank(table, special.pad);
  return std::shared_ptr<const SentencePieceTokenizer>(
      new SentencePieceTokenizer(std::move(impl), std::move(table), special));
}

std::shared_ptr<const SentencePieceTokenizer> SentencePieceTokenizer::train(
    std::span<const std::string> texts, const SentencePieceOptions& options) {
  validate(options);
  std::vector<std::string> items;
  for (const std::string& text : texts) {
    decode_utf8(text);  // an error here names the byte
    items.push_back(text);
  }
  const std::vector<SentencePieceArgument> arguments{
      {"vocab_size", std::to_string(options.vocab_size)},
      {"model_type", std::string(name_of(options.model_type))},
      {"character_coverage", fmt::format("{}", options.character_coverage)},
      {"pad_id", "0"},
      {"unk_id", "1"},
      {"bos_id", "2"},
      {"eos_id", "3"},
      {"pad_piece", "<PAD>"},
      {"unk_piece", "<UNK>"},
      {"bos_piece", "<SOS>"},
      {"eos_piece", "<EOS>"},
      {"num_threads", "1"},
      {"minloglevel", "2"}};
  return from_model(train_sentencepiece(std::move(items), arguments));
}

std::vector<int> SentencePieceTokenizer::encode(std::string_view text) const {
  decode_utf8(text);
  return impl_->processor.encode(text);
}

std::string SentencePieceTokenizer::decode(std::span<const int> ids) const {
  std::vector<int> known;
  for (const int id : ids) known.push_back(id >= 0 && id < size() ? id : special().unk);
  return impl_->processor.decode(known);
}

const std::string& SentencePieceTokenizer::model_bytes() const {
  return impl_->model;
}

Json SentencePieceTokenizer::to_json() const {
  Json json;
  json["type"] = "sentencepiece";
  json["model_base64"] = base64_encode(std::as_bytes(std::span(impl_->model)));
  return json;
}

}  // namespace nest::text
