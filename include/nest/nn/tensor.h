#pragma once

#include <torch/types.h>

#include "nest/core/tensor.h"

namespace nest::nn {

torch::ScalarType to_torch(DType dtype);
/// Errors: Unsupported for quantized and complex types.
DType from_torch(torch::ScalarType type);

/// Copies a tensor to the CPU side of LibTorch.
torch::Tensor to_torch(const Tensor& tensor);
/// Copies a tensor of any device, layout and stride into row-major memory.
Tensor from_torch(const torch::Tensor& tensor);

}  // namespace nest::nn
