#pragma once

#include <cstddef>
#include <span>

#include "onnx_model.h"

namespace nest::exports {

/// What a .onnx file says; what this project does not look at is left out. Tensors are copied.
/// Errors: DataCorrupt for bytes that are no ONNX model, within bounds that their number sets;
/// Unsupported for weights in other files, sparse ones, and types that no tensor here has.
OnnxModel read_onnx(std::span<const std::byte> bytes);

}  // namespace nest::exports
