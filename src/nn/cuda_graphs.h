#pragma once

#include "pass_recorder.h"

namespace nest::nn {

/// Records passes as CUDA graphs, so that one launch stands for all kernels of a pass. Weights may
/// change in place between replays.
///
/// Floating inputs take the working type. A pass that waits for the device cannot be recorded: that
/// is an error of the function returned.
/// Errors: Unsupported on another device than CUDA, or if LibTorch was built without it.
MakeRecording cuda_graphs(torch::Device device, torch::ScalarType working_type);

}  // namespace nest::nn
