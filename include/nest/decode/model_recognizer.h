#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "nest/decode/decoder.h"
#include "nest/decode/executor_scorers.h"
#include "nest/decode/recognizer.h"
#include "nest/graph/model.h"

namespace nest::text {
class Tokenizer;
}

namespace nest::decode {

/// The networks among the language models that the options name; null for n-grams and none. They
/// belong to one decoder (make_neural_lm()).
struct NeuralLms {
  std::shared_ptr<LanguageModel> lm;
  std::shared_ptr<LanguageModel> rescore_lm;
};

/// Reads what the options name (language model, hotwords, closed vocabulary) and binds it to the
/// tokenizer. Null if they name nothing. `neural_lm` is the network of options.lm.
/// Errors: InvalidArgument if something needs a tokenizer and there is none, or if options.lm is a
/// network and none is given; NotFound, DataCorrupt.
std::shared_ptr<const Fusion> make_fusion(const DecodeOptions& options,
                                          const text::Tokenizer* tokenizer,
                                          std::shared_ptr<LanguageModel> neural_lm = nullptr);

/// The model of options.rescore_lm, null if none is named. Errors: as make_fusion().
std::shared_ptr<LanguageModel> make_rescorer(const DecodeOptions& options,
                                             const text::Tokenizer* tokenizer,
                                             std::shared_ptr<LanguageModel> neural_lm = nullptr);

/// A model of any family on any executor, with its decoder: signals in, text out.
///
/// The encoder runs on padded batches of options.batch_size; the decoder is make_decoder()'s.
/// Without a tokenizer (none given and none in the model) the text is the token ids, separated by
/// spaces.
/// State: one call at a time.
class ModelRecognizer final : public Recognizer {
 public:
  /// The executor must outlive it.
  ModelRecognizer(graph::Executor& executor, const DecodeOptions& options,
                  std::shared_ptr<const text::Tokenizer> tokenizer = nullptr,
                  const NeuralLms& networks = {});
  /// The same with an executor of its own.
  ModelRecognizer(std::unique_ptr<graph::Executor> executor, const DecodeOptions& options,
                  std::shared_ptr<const text::Tokenizer> tokenizer = nullptr,
                  const NeuralLms& networks = {});
  ~ModelRecognizer() override;

  std::vector<Recognition> recognize(std::span<const Tensor> signals) override;
  Json info() const override;
  std::int64_t weight_bytes() const override { return executor_.weight_bytes(); }

  /// Seconds an encoder frame; 0 if the model does not know its sampling rate.
  double frame_s() const { return frame_s_; }
  const SearchSpace& space() const { return space_; }
  std::string text_of(std::span<const TokenId> tokens) const;

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
  std::shared_ptr<const Fusion> fusion_;
  std::shared_ptr<LanguageModel> rescorer_;
  std::unique_ptr<ExecutorStepScorer> step_scorer_;
  std::unique_ptr<ExecutorTransducerScorer> transducer_scorer_;
  SearchSpace space_;
  std::unique_ptr<Decoder> decoder_;
  double frame_s_ = 0;
};

}  // namespace nest::decode
