#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "nest/decode/decoder.h"
#include "nest/decode/recognizer.h"
#include "nest/decode/search_space.h"
#include "nest/graph/model.h"

namespace nest::text {
class Tokenizer;
}

namespace nest::decode {

/// What ranks texts besides the model, made for the tokenizer's tokens; null: none.
/// recognize::make_guides() reads what options name.
struct Guides {
  std::shared_ptr<const Fusion> fusion;     ///< guides the search
  std::shared_ptr<LanguageModel> rescorer;  ///< ranks the n-best list, options.rescore_weight
};

/// A model of any family on any executor, with its decoder: signals in, text out.
///
/// Signals are what the model's signal contract makes of a recording (contract::prepare), not raw
/// samples, which would give nonsense: recognize::SignalRecognizer takes those.
/// The encoder runs on padded batches of options.batch_size; the decoder is make_decoder()'s.
/// Without a tokenizer the text is the token ids, separated by spaces. Nothing is read from files:
/// recognize::make_recognizer() puts the parts together.
/// State: one call at a time.
class ModelRecognizer final : public Recognizer {
 public:
  /// The executor must outlive it. Errors: InvalidArgument for options, and if they name what a
  /// guide would carry but there is none.
  ModelRecognizer(graph::Executor& executor, const DecodeOptions& options,
                  std::shared_ptr<const text::Tokenizer> tokenizer = nullptr, Guides guides = {});
  /// The same with an executor of its own.
  ModelRecognizer(std::unique_ptr<graph::Executor> executor, const DecodeOptions& options,
                  std::shared_ptr<const text::Tokenizer> tokenizer = nullptr, Guides guides = {});
  ~ModelRecognizer() override;

  std::vector<Recognition> recognize(std::span<const Tensor> signals) override;
  Json info() const override;
  std::int64_t weight_bytes() const override { return executor_.weight_bytes(); }

  /// Seconds an encoder frame; 0 if the model does not know its sampling rate.
  double frame_s() const { return frame_s_; }

 private:
  struct Encoded {
    Tensor frames;  ///< [B, F, D]: log-probabilities (CTC) or encoder outputs
    std::vector<std::int64_t> lengths;
  };
  void check_signal(std::size_t index, const Tensor& signal) const;
  Encoded encode(std::span<const Tensor> signals, std::span<const std::size_t> batch);
  std::vector<std::vector<Hypothesis>> decode(const Encoded& encoded,
                                              std::vector<double>& decode_ms);
  double rescore_nbest(std::vector<Hypothesis>& nbest) const;
  Recognition finish(std::vector<Hypothesis> nbest) const;

  std::unique_ptr<graph::Executor> owned_;
  graph::Executor& executor_;
  DecodeOptions options_;
  std::shared_ptr<const text::Tokenizer> tokenizer_;
  Guides guides_;
  ModelSearchSpace search_;
  std::unique_ptr<Decoder> decoder_;
  double frame_s_ = 0;
};

}  // namespace nest::decode
