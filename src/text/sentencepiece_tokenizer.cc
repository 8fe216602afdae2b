#include "nest/text/sentencepiece_tokenizer.h"

#include <unordered_map>

#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#include "nest/core/base64.h"
#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/text/unicode.h"

namespace nest::text {
namespace {

/// Hands the library one sentence after the other.
class Sentences final : public sentencepiece::SentenceIterator {
 public:
  explicit Sentences(std::vector<std::string> items) : items_(std::move(items)) {}
  bool done() const override { return at_ >= items_.size(); }
  void Next() override { ++at_; }
  const std::string& value() const override { return items_[at_]; }
  sentencepiece::util::Status status() const override { return {}; }

 private:
  std::vector<std::string> items_;
  std::size_t at_ = 0;
};

}  // namespace

struct SentencePieceTokenizer::Impl {
  sentencepiece::SentencePieceProcessor processor;
  std::string model;
};

void validate(const SentencePieceOptions& options) {
  require(options.vocab_size > 4, ErrorCode::kInvalidArgument,
          "vocab_size {} leaves no room beside the 4 special tokens", options.vocab_size);
  const std::string& type = options.model_type;
  require(type == "unigram" || type == "bpe" || type == "char" || type == "word",
          ErrorCode::kInvalidArgument,
          "unknown SentencePiece model type '{}': use unigram, bpe, "
          "char or word",
          type);
  require(options.character_coverage > 0 && options.character_coverage <= 1,
          ErrorCode::kInvalidArgument, "character_coverage {} must be in (0, 1]",
          options.character_coverage);
}

SentencePieceTokenizer::SentencePieceTokenizer(std::unique_ptr<Impl> impl, TokenTable table,
                                               SpecialIds special)
    : Tokenizer(std::move(table), special), impl_(std::move(impl)) {}

SentencePieceTokenizer::~SentencePieceTokenizer() = default;

std::shared_ptr<const SentencePieceTokenizer> SentencePieceTokenizer::from_model(
    std::string_view bytes) {
  auto impl = std::make_unique<Impl>();
  impl->model = std::string(bytes);
  const auto status = impl->processor.LoadFromSerializedProto(impl->model);
  require(status.ok(), ErrorCode::kDataCorrupt, "not a SentencePiece model: {}", status.ToString());
  const auto& processor = impl->processor;
  std::vector<std::string> tokens;
  for (int id = 0; id < processor.GetPieceSize(); ++id) tokens.push_back(processor.IdToPiece(id));
  SpecialIds special;
  special.pad = processor.pad_id();
  special.unk = processor.unk_id();
  special.sos = processor.bos_id();
  special.eos = processor.eos_id();
  TokenTable table(std::move(tokens));
  special.blank = table.find("<BLANK>").value_or(special.pad);
  return std::shared_ptr<const SentencePieceTokenizer>(
      new SentencePieceTokenizer(std::move(impl), std::move(table), special));
}

std::shared_ptr<const SentencePieceTokenizer> SentencePieceTokenizer::train(
    std::span<const std::string> texts, const SentencePieceOptions& options) {
  validate(options);
  std::vector<std::string> items;
  for (const std::string& text : texts) items.push_back(nfc(text));
  Sentences sentences(std::move(items));
  const std::unordered_map<std::string, std::string> arguments{
      {"vocab_size", std::to_string(options.vocab_size)},
      {"model_type", options.model_type},
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
  std::string model;
  const auto status = sentencepiece::SentencePieceTrainer::Train(arguments, &sentences, &model);
  require(status.ok(), ErrorCode::kInvalidArgument, "SentencePiece training failed: {}",
          status.ToString());
  return from_model(model);
}

std::vector<int> SentencePieceTokenizer::encode(std::string_view text) const {
  std::vector<int> ids;
  const auto status = impl_->processor.Encode(nfc(text), &ids);
  require(status.ok(), ErrorCode::kInternal, "SentencePiece cannot encode: {}", status.ToString());
  return ids;
}

std::string SentencePieceTokenizer::decode(std::span<const int> ids) const {
  std::vector<int> known;
  for (const int id : ids) known.push_back(id >= 0 && id < size() ? id : special().unk);
  std::string text;
  const auto status = impl_->processor.Decode(known, &text);
  require(status.ok(), ErrorCode::kInternal, "SentencePiece cannot decode: {}", status.ToString());
  return text;
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
