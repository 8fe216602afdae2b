#pragma once

#include <utility>

#include "nest/compress/prunable.h"

namespace nest::compress {

/// A model on its way to a smaller one: prune(), perhaps train it on with its masks, then
/// make_permanent().
///
/// State: not thread-safe.
class Pruner {
 public:
  virtual ~Pruner() = default;

  /// Zeros what the pruner chooses and adds it to the masks.
  virtual void prune() = 0;
  /// Zeros of the model as it is now.
  Sparsity compute_sparsity() const { return sparsity_of(model_); }
  /// Leaves a plain model: the zeros are values like others, the masks are gone. Pruners of units
  /// take them out.
  virtual const graph::Model& make_permanent();

  const graph::Model& model() const { return model_; }
  /// What training must leave at zero; see apply_masks().
  const TensorMap& masks() const { return masks_; }
  /// Takes trained weights in place of the model's own, and zeros what the masks say.
  /// Errors: those of graph::replace_weights().
  void set_weights(const TensorMap& weights);

 protected:
  explicit Pruner(graph::Model model) : model_(std::move(model)) {}

  graph::Model model_;
  TensorMap masks_;
};

}  // namespace nest::compress
