#pragma once

#include <cstdint>
#include <span>

#include "nest/decode/hypothesis.h"

namespace nest::decode {

/// One step of an attention decoder for a batch of hypotheses.
///
/// State is flat: one row of state_size() floats a hypothesis, owned by the caller, who gathers
/// rows by parent between steps; so no prefix is ever computed twice. A row of zeros is the start.
/// Implemented over graph::Executor here and natively by the runtime.
/// State: one caller at a time.
class StepScorer {
 public:
  virtual ~StepScorer() = default;
  virtual std::int64_t vocab_size() const = 0;
  /// Valid after begin(): location-aware attention keeps a value a frame.
  virtual std::int64_t state_size() const = 0;
  virtual std::int64_t memory_dim() const = 0;

  /// Sets the encoder outputs that the rows of later steps refer to.
  ///
  /// Shapes: memory [batch, max_frames, memory_dim] zero-padded; lengths [batch] frames.
  virtual void begin(std::span<const float> memory, std::span<const std::int64_t> lengths,
                     std::int64_t max_frames) = 0;
  /// Shapes: tokens [n], utterances [n] (row of `lengths`), state_in and state_out [n, state_size]
  /// (not overlapping), logits [n, vocab_size] unnormalised, attention [n, max_frames] (zero behind
  /// an utterance's length).
  virtual void step(std::span<const TokenId> tokens, std::span<const std::int32_t> utterances,
                    std::span<const float> state_in, std::span<float> state_out,
                    std::span<float> logits, std::span<float> attention) = 0;
};

/// Predictor and joiner of a transducer for a batch of hypotheses; state rows as in StepScorer.
class TransducerScorer {
 public:
  virtual ~TransducerScorer() = default;
  virtual std::int64_t vocab_size() const = 0;
  virtual std::int64_t state_size() const = 0;
  virtual std::int64_t memory_dim() const = 0;
  virtual std::int64_t prediction_dim() const = 0;

  /// Shapes: tokens [n], state_in and state_out [n, state_size], prediction [n, prediction_dim].
  virtual void predict(std::span<const TokenId> tokens, std::span<const float> state_in,
                       std::span<float> state_out, std::span<float> prediction) = 0;
  /// Shapes: frame [memory_dim] (shared by all rows), prediction [n, prediction_dim],
  /// logits [n, vocab_size] unnormalised.
  virtual void join(std::span<const float> frame, std::span<const float> prediction,
                    std::span<float> logits) = 0;
};

}  // namespace nest::decode
