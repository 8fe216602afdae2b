#include "nest/nn/tensor.h"

#include <cstring>

#include "nest/core/error.h"

namespace nest::nn {

torch::ScalarType to_torch(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return torch::kFloat32;
    case DType::kF64:
      return torch::kFloat64;
    case DType::kF16:
      return torch::kFloat16;
    case DType::kBF16:
      return torch::kBFloat16;
    case DType::kI8:
      return torch::kInt8;
    case DType::kU8:
      return torch::kUInt8;
    case DType::kI16:
      return torch::kInt16;
    case DType::kI32:
      return torch::kInt32;
    case DType::kI64:
      return torch::kInt64;
    case DType::kBool:
      return torch::kBool;
  }
  fail(ErrorCode::kInternal, "unknown element type {}", static_cast<int>(dtype));
}

DType from_torch(torch::ScalarType type) {
  switch (type) {
    case torch::kFloat32:
      return DType::kF32;
    case torch::kFloat64:
      return DType::kF64;
    case torch::kFloat16:
      return DType::kF16;
    case torch::kBFloat16:
      return DType::kBF16;
    case torch::kInt8:
      return DType::kI8;
    case torch::kUInt8:
      return DType::kU8;
    case torch::kInt16:
      return DType::kI16;
    case torch::kInt32:
      return DType::kI32;
    case torch::kInt64:
      return DType::kI64;
    case torch::kBool:
      return DType::kBool;
    default:
      fail(ErrorCode::kUnsupported, "LibTorch element type {} has no counterpart",
           c10::toString(type));
  }
}

torch::Tensor to_torch(const Tensor& tensor) {
  torch::Tensor out = torch::empty(tensor.shape(), to_torch(tensor.dtype()));
  if (tensor.numel() > 0) std::memcpy(out.data_ptr(), tensor.raw(), tensor.nbytes());
  return out;
}

Tensor from_torch(const torch::Tensor& tensor) {
  const torch::Tensor dense = tensor.detach().to(torch::kCPU).contiguous();
  Tensor out(from_torch(dense.scalar_type()), dense.sizes().vec());
  if (out.numel() > 0) std::memcpy(out.mutable_raw(), dense.data_ptr(), out.nbytes());
  return out;
}

}  // namespace nest::nn
