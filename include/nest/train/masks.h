#pragma once

#include "nest/core/tensor.h"
#include "nest/train/trainer.h"

namespace nest::train {

/// Keeps pruned weights at zero while a model trains: masks (compress::Pruner::masks()) are bool,
/// by weight, false where an element stays zero. Passes compute with masked weights, so nothing
/// flows to the others; every step of the optimizer ends in masked ones. Errors (when training
/// starts): NotFound for a mask without a weight.
void keep_masks(TrainData& data, const TensorMap& masks);

}  // namespace nest::train
