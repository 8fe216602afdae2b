#pragma once

#include "nest/profile/memory_profiler.h"

namespace nest::train {

/// What profile::register_training_meter() takes: loss, gradients and one step of AdamW over random
/// signals, on the CPU in float32, counted at LibTorch's own allocations.
///
/// `work`: batch, and samples of each item; targets have five tokens.
/// Errors: those of compute_loss(); InvalidArgument for a model without a signal, or a signal that
/// is too short.
profile::TrainingMemory measure_training_memory(const graph::Model& model,
                                                const profile::WorkOptions& work);

}  // namespace nest::train
