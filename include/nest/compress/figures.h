#pragma once

#include <cstdint>

#include "nest/core/json_fwd.h"
#include "nest/graph/model.h"

namespace nest::compress {

/// How large a model is, for the tables of every verb that makes it smaller.
struct ModelFigures {
  std::int64_t parameters = 0;    ///< trainable elements
  std::int64_t macs = 0;          ///< encoder and CTC head of one signal, one step of other graphs
  std::int64_t samples = 0;       ///< of that signal: one second, or as few as give a frame
  std::int64_t weight_bytes = 0;  ///< as the quantization stores them (graph/cost.h)
  double sparsity = 0;            ///< zeros among the elements of prunable weights
};
/// Errors: NotFound if a weight is missing.
ModelFigures figures_of(const graph::Model& model);
/// {"parameters", "macs", "macs_samples", "weight_bytes", "sparsity"}
Json to_json(const ModelFigures& figures);

}  // namespace nest::compress
