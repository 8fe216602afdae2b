#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "onnx_model.h"

namespace nest::exports {

/// Errors: Unsupported for a type that no tensor here has.
DType dtype_of_onnx(std::int64_t type);

/// A TensorProto. Errors: DataCorrupt unless its shape has as many values as are there; Unsupported
/// if they lie in another file.
OnnxTensor read_tensor(std::span<const std::byte> bytes);

}  // namespace nest::exports
