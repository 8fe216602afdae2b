#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "nest/core/tensor.h"
#include "nest/decode/recognizer.h"
#include "nest/graph/model.h"

namespace nest::text {
class Tokenizer;
}

namespace nest::decode {

/// What a decoder searches.
struct Emissions {
  Tensor frames;                      ///< [B, F, D]: log-probabilities (CTC) or encoder outputs
  std::vector<std::int64_t> lengths;  ///< frames of each signal; what follows them is padding

  /// Those of one signal: [lengths[index] * D] values.
  std::span<const float> of(std::size_t index) const;
};

/// Errors: InvalidArgument naming the signal by its index, its shape and what the model takes.
void check_signal(const graph::Model& model, std::size_t index, const Tensor& signal);

/// Runs signals, at least one, as one padded batch.
///
/// Shapes: signals float32 [C, T] as the model's contract makes them, T may differ
/// Errors: those of check_signal()
Emissions emissions_of(graph::Executor& executor, std::span<const Tensor> signals);

/// Seconds from one encoder frame to the next; 0 if the model does not know its sampling rate.
double frame_seconds(const graph::Model& model);

/// Texts and times of what a decoder found. Shapes: at least one hypothesis, best first.
Recognition recognition_of(std::vector<Hypothesis> nbest, double frame_s,
                           const text::Tokenizer* tokenizer);

}  // namespace nest::decode
