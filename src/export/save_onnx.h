#pragma once

#include "nest/export/model_exporter.h"
#include "onnx_model.h"

namespace nest::exports {

/// Writes a model, atomic, and says what was written; states are the caller's to add. Errors: Io.
ExportedGraph save_onnx(const std::filesystem::path& path, const OnnxModel& onnx);

}  // namespace nest::exports
