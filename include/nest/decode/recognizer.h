#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "nest/core/json_fwd.h"
#include "nest/core/tensor.h"
#include "nest/decode/hypothesis.h"

namespace nest::decode {

/// What one signal was decoded to. The hypotheses are free-running: no decoder sees a reference.
struct Recognition {
  std::vector<TokenId> tokens;  ///< of the best hypothesis
  std::string text;             ///< of the best hypothesis
  std::vector<TokenSpan> times;
  std::vector<float> confidences;
  std::vector<Hypothesis> nbest;         ///< best first; never empty
  std::vector<std::string> nbest_texts;  ///< one a hypothesis
  double encode_ms = 0;  ///< wall time; a batch's time is shared equally by its utterances
  double decode_ms = 0;
};

/// Turns signals into text. What the evaluator, the audit, the server and the command line use.
class Recognizer {
 public:
  virtual ~Recognizer() = default;

  /// Decodes each signal on its own; the result does not depend on what else is in the call.
  ///
  /// Shapes: signals float32 [C, T], T may differ. Returns one entry a signal, in order.
  /// Errors: InvalidArgument naming the signal, its shape and what the model expects.
  virtual std::vector<Recognition> recognize(std::span<const Tensor> signals) = 0;

  /// {"model", "family", "executor", "decoder", "vocab_size", "frame_s", "options"}: the report
  /// header.
  virtual Json info() const = 0;

  /// Bytes of the weights as they are kept for running, those of graphs that ran so far.
  virtual std::int64_t weight_bytes() const = 0;
};

}  // namespace nest::decode
