#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "nest/core/tensor.h"
#include "nest/decode/decoder.h"
#include "nest/decode/recognizer.h"
#include "nest/decode/search_space.h"
#include "nest/recognize/bundle.h"
#include "nest/recognize/recognizer.h"

namespace nest::recognize {

/// What a model says of one signal.
struct EmissionResult {
  /// [F, D] float32: log-probabilities of a CTC model's frames, else the encoder's output.
  Tensor emissions;
  decode::Recognition recognition;  ///< empty unless asked for
};

/// Emissions and text of signals from one pass of the model, for those who hand out both.
///
/// Signals are what contract::prepare() makes of recordings. The text is that of
/// make_recognizer() with the same options. State: one call at a time; the bundle's weights are
/// shared.
class EmissionRecognizer {
 public:
  /// Errors: those of make_recognizer(); InvalidArgument for options that rank an n-best list anew.
  explicit EmissionRecognizer(const Bundle& bundle, const RecognizeOptions& options = {});

  /// Results in the order of the signals, each that of the signal alone.
  /// Shapes: float32 [C, T], T may differ. Errors: those of decode::emissions_of().
  std::vector<EmissionResult> recognize(std::span<const Tensor> signals, bool wants_text = true);

  const graph::Model& model() const { return executor_->model(); }
  double frame_s() const { return frame_s_; }

 private:
  std::unique_ptr<graph::Executor> executor_;
  std::shared_ptr<const text::Tokenizer> tokenizer_;
  decode::ModelSearchSpace search_;
  std::unique_ptr<decode::Decoder> decoder_;
  double frame_s_;
};

}  // namespace nest::recognize
