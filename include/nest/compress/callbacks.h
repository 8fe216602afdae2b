#pragma once

#include <cstdint>
#include <functional>

#include "nest/graph/model.h"

namespace nest::compress {

/// Trains a model on and gives it back, with zeros where the masks are false (apply_masks()).
/// `steps` 0: as long as training is to last; else its first so many steps, as a whole training
/// would take them.
using TrainFn = std::function<graph::Model(const graph::Model& model, const TensorMap& masks,
                                           std::int64_t steps)>;

/// Error of a model on data that does not train it: lower is better (a character error rate).
using ValidateFn = std::function<double(const graph::Model& model)>;

}  // namespace nest::compress
