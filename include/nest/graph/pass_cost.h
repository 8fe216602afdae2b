#pragma once

#include <cstdint>

#include "nest/graph/model.h"

namespace nest::graph {

/// What one pass through all graphs of a model multiplies.
struct PassCost {
  std::int64_t macs = 0;
  std::int64_t samples = 0;  ///< of the signal it is for; 0: the model reads none
};

/// Encoder and CTC head over one second of signal, or as few samples as give a frame; one step of
/// every other graph.
PassCost pass_cost(const Model& model);

}  // namespace nest::graph
