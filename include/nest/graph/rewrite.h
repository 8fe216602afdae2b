#pragma once

#include "nest/core/tensor.h"
#include "nest/graph/model.h"

namespace nest::graph {

/// Folds every batch norm that directly follows a convolution into it, for evaluation:
///
///   w' = w * gamma / sqrt(var + eps),   b' = (b - mean) * gamma / sqrt(var + eps) + beta.
///
/// Weights are replaced under the convolution's names (computed in double, stored as they were),
/// the batch norm's are removed; a convolution without bias gets "<node>.bias". A batch norm is
/// left alone if something else reads the convolution's output or shares one of the weights.
/// Returns how many were folded. Errors: NotFound if a weight is missing.
int fold_batch_norm(Graph& graph, TensorMap& weights);
/// The same for all graphs of a model. Weights shared between graphs are left alone.
int fold_batch_norm(Model& model);

/// Removes values that nothing defines or uses any more, and renumbers the rest.
void compact(Graph& graph);

}  // namespace nest::graph
