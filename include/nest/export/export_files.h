#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "nest/export/model_exporter.h"

namespace nest::exports {

enum class ExportFormat { kOnnx, kTorchScript, kStateDict };
EnumTable enum_table(ExportFormat of);  ///< "onnx", "torchscript", "state_dict"

struct ExportOptions {
  ExportFormat format = ExportFormat::kOnnx;
  /// One graph; "all" in files of their own; "preprocessing" (ONNX); "": the whole model if that is
  /// one graph, else all.
  std::string graph;
  StringMap<std::string> metadata = {};  ///< that a state dict carries
  OnnxOptions onnx = {};
};
void visit_fields(FieldVisitor& visitor, ExportOptions& options);
void validate(const ExportOptions& options);

/// What was written, in which format.
struct Exported {
  ExportFormat format = ExportFormat::kOnnx;
  std::vector<ExportedGraph> graphs = {};  ///< none of a state dict
  std::filesystem::path path = {};         ///< of a state dict
  std::int64_t tensors = 0;                ///< of a state dict
  StringMap<std::string> metadata = {};
};
Json to_json(const Exported& exported);
/// For people: a line a file, a line a port.
std::string exported_text(const Exported& exported);

/// Writes to `out`; several graphs to files of their own: OUT.onnx -> OUT.encoder.onnx.
/// Errors: those of ModelExporter.
Exported export_model(const ModelExporter& exporter, const std::filesystem::path& out,
                      const ExportOptions& options = {});

}  // namespace nest::exports
