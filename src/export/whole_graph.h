#pragma once

#include "nest/graph/model.h"

namespace nest::exports {

/// Encoder and head of a CTC model as one graph "model": signal [B, C, T] -> log_probs [B, frames,
/// V]. Errors: NotFound if the model lacks one of the two.
graph::Graph whole_ctc_graph(const graph::Model& model);

}  // namespace nest::exports
