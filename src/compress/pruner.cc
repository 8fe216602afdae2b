#include "nest/compress/pruner.h"

#include "nest/graph/rewrite.h"

namespace nest::compress {

const graph::Model& Pruner::make_permanent() {
  masks_.clear();
  return model_;
}

void Pruner::set_weights(const TensorMap& weights) {
  graph::replace_weights(model_, weights);
  apply_masks(model_, masks_);
}

}  // namespace nest::compress
