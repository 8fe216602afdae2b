#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "nest/core/tensor.h"
#include "nest/graph/model.h"

namespace nest::graph {

/// A batch norm that goes into the convolution before it, in evaluation:
///
///   w' = w * gamma / sqrt(var + eps),   b' = (b - mean) * gamma / sqrt(var + eps) + beta.
struct BatchNormFold {
  std::string conv;  ///< nodes
  std::string norm;
  std::string weight;  ///< of the convolution, before and after
  std::string bias;    ///< "<node>.bias" if it had none
  bool had_bias = false;
  std::int64_t channels = 0;
  double eps = 0;
  std::array<std::string, 4> statistics;  ///< gamma, beta, mean, variance
  std::string counter;

  friend bool operator==(const BatchNormFold&, const BatchNormFold&) = default;
};

/// Takes every batch norm that directly follows a convolution out of a graph, weights aside: for
/// executors that compute weights when they pack them. Value ids stay; see compact(). A batch norm
/// stays if something else reads the convolution's output, if a weight of the two has other uses in
/// the graph, or if `accept` says no.
std::vector<BatchNormFold> fold_batch_norm(
    Graph& graph, const std::function<bool(const BatchNormFold&)>& accept = {});

/// w' and b' of a fold in float64. Errors: NotFound if a weight is missing; InvalidArgument if one
/// has not the fold's channels.
struct FoldedWeights {
  Tensor weight;
  Tensor bias;
};
FoldedWeights folded_weights(const BatchNormFold& fold, const TensorMap& weights);

/// Folds in all graphs of a model and replaces the weights (computed in double, stored as they
/// were). A pair that one graph folds and another cannot stays as it is in both.
/// Returns how many were folded, a pair in two graphs once. Errors: NotFound if a weight is
/// missing.
int fold_batch_norm(Model& model);

/// Takes the given weights in place of the model's own, which keep shapes and may change type;
/// tensors are shared, not copied. For every rewrite that computes weights (masks, rounding to
/// codes, other checkpoints of the same graphs). Errors: InvalidArgument, one line each unknown,
/// misshapen and wrongly typed tensor; then nothing was replaced.
void replace_weights(Model& model, const TensorMap& weights);

/// Removes values that nothing defines or uses any more, and renumbers the rest.
void compact(Graph& graph);

}  // namespace nest::graph
