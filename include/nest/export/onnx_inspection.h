#pragma once

#include <filesystem>
#include <string>

#include "nest/core/json_fwd.h"

namespace nest::exports {

/// What is in an ONNX file: {"kind": "onnx", "ir_version", "opset", "inputs", "outputs",
/// "operators": {name: count}, "weights", "weight_bytes", "metadata"}. Texts that are JSON are JSON
/// in the metadata. Errors: NotFound, Io, DataCorrupt, Unsupported.
Json inspect_onnx(const std::filesystem::path& path);
/// The same for people.
std::string onnx_text(const Json& inspection);

}  // namespace nest::exports
