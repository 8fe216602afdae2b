#pragma once

#include <torch/types.h>

#include "nest/nn/executor.h"

namespace nest::nn {

/// The device that the options name. Errors: Unsupported if it is not there.
torch::Device resolve_device(const TorchOptions& options);

/// Sets the process-wide switches that the options ask for: threads, deterministic cuDNN.
void apply_global(const TorchOptions& options, torch::Device device);

}  // namespace nest::nn
