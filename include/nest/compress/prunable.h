#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "nest/graph/model.h"

/// Models made smaller: Model -> Model. What scores or trains a model comes in as a function.
namespace nest::compress {

/// A weight in which pruning makes zeros: of convolutions, Linear, LSTM, GRU and embeddings.
/// Biases, norms, tables of positions and fixed filter banks stay as they are.
struct PrunableWeight {
  std::string name;                ///< in the state dict
  std::vector<std::string> nodes;  ///< that use it
  Shape shape;

  std::int64_t rows() const { return shape.front(); }  ///< outputs of the product
  std::int64_t columns() const;                        ///< inputs of one output
  /// True if `layer` is the weight, one of its nodes, or a path above either ("temporal_encoder").
  bool is_of(std::string_view layer) const;
};

/// In name order. Errors: InvalidArgument if two nodes need different shapes of one weight.
std::vector<PrunableWeight> prunable_weights(const graph::Model& model);

/// Zeros among the elements of prunable weights.
struct Sparsity {
  double overall = 0;  ///< zeros / elements
  std::int64_t zeros = 0;
  std::int64_t elements = 0;
  std::map<std::string, double> weights;  ///< by name

  friend bool operator==(const Sparsity&, const Sparsity&) = default;
};

/// Errors: NotFound if a weight is missing.
Sparsity sparsity_of(const graph::Model& model);

/// Zeros where a mask says so: masks are bool, of the shape of their weights, false where an
/// element is pruned. Weights without a mask stay. What fine-tuning calls after each step. Errors:
/// InvalidArgument for a mask without a weight or of another shape.
void apply_masks(graph::Model& model, const TensorMap& masks);

}  // namespace nest::compress
