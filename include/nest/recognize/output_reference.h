#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "nest/core/tensor.h"
#include "nest/graph/model.h"
#include "nest/runtime/prepared.h"

namespace nest::recognize {

/// How far the outputs of a changed model are from those of the model itself.
struct OutputDistance {
  double divergence = 0;  ///< mean Kullback-Leibler divergence of a position's tokens, in nats
  double ms = 0;          ///< of a pass over one signal: least of three rounds, mean of signals
};

/// What a float model says of some signals: the yardstick of one that was rounded or pruned. Finer
/// than error rates, so that a few signals order the layers of a model by what they lose.
///
/// CTC: every frame. Transducer and attention: every position of the text that the float model
/// decodes greedily. State: one caller at a time.
class OutputReference {
 public:
  /// Signals [channels, samples]. Errors: InvalidArgument without a signal, for one that does not
  /// fit, or for a model without an encoder.
  OutputReference(const graph::Model& floats, std::vector<Tensor> signals);
  ~OutputReference();

  /// Errors: InvalidArgument for a model with another vocabulary or other frames.
  OutputDistance compare(std::shared_ptr<const runtime::PreparedModel> changed) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nest::recognize
