#include "nest/export/export_files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "nest/export/preprocessing.h"

namespace nest::exports {
namespace {

constexpr std::string_view kPreprocessing = "preprocessing";

/// OUT.onnx and "encoder" -> OUT.encoder.onnx
std::filesystem::path file_of(const std::filesystem::path& out, const std::string& graph) {
  std::filesystem::path file = out;
  file.replace_extension("." + graph + out.extension().string());
  return file;
}

ExportedGraph export_graph(const ModelExporter& exporter, const std::filesystem::path& path,
                           const std::string& graph, const ExportOptions& options) {
  return options.format == ExportFormat::kTorchScript
             ? exporter.export_torchscript(path, graph)
             : exporter.export_onnx(path, graph, options.onnx);
}

std::vector<ExportedGraph> export_graphs(const ModelExporter& exporter,
                                         const std::filesystem::path& out,
                                         const ExportOptions& options) {
  const std::string which = options.graph.empty() ? exporter.default_graph() : options.graph;
  if (which == kPreprocessing)
    return {export_preprocessing(out, exporter.model().signal, options.onnx.opset)};
  if (which != "all") return {export_graph(exporter, out, which, options)};
  std::vector<ExportedGraph> files;
  for (const std::string& name : exporter.graphs())
    files.push_back(export_graph(exporter, file_of(out, name), name, options));
  return files;
}

Json ports_json(const std::vector<ExportedPort>& ports) {
  Json list = Json::array();
  for (const ExportedPort& port : ports)
    list.push_back({{"name", port.name}, {"dtype", name_of(port.dtype)}, {"shape", port.shape}});
  return list;
}

std::string port_text(const ExportedPort& port) {
  return fmt::format("{} {} [{}]", port.name, name_of(port.dtype), fmt::join(port.shape, ", "));
}

std::string graph_text(const ExportedGraph& exported) {
  const std::string version =
      exported.opset == 0 ? "TorchScript"
                          : fmt::format("opset {}, IR {}", exported.opset, exported.ir_version);
  std::string text = fmt::format("{}: graph '{}', {} nodes, {}, {} bytes\n", exported.path.string(),
                                 exported.graph, exported.nodes, version, exported.file_bytes);
  for (const ExportedPort& port : exported.inputs)
    text += fmt::format("  in   {}\n", port_text(port));
  for (const ExportedPort& port : exported.outputs)
    text += fmt::format("  out  {}\n", port_text(port));
  return text;
}

}  // namespace

EnumTable enum_table(ExportFormat) {
  static constexpr EnumName kNames[] = {{ExportFormat::kOnnx, "onnx"},
                                        {ExportFormat::kTorchScript, "torchscript"},
                                        {ExportFormat::kStateDict, "state_dict"}};
  return {"format of an export", kNames};
}

void visit_fields(FieldVisitor& visitor, ExportOptions& o) {
  visitor.field("format", o.format, "what to write");
  visitor.field("metadata", o.metadata, "NAME=VALUE that a state_dict carries; repeat for more");
  visitor.field("graph", o.graph,
                "one graph, or all in files of their own; default: the whole model if it is one "
                "graph, else all");
  visitor.group("ONNX");
  visitor.part("onnx", o.onnx);
}

void validate(const ExportOptions& options) {
  check_fields(options);
  validate(options.onnx);
  require_field(options.graph != kPreprocessing || options.format == ExportFormat::kOnnx, "graph",
                "'{}' is written as onnx alone, not as {}", kPreprocessing,
                name_of(options.format));
  require(
      options.format == ExportFormat::kOnnx || options.onnx.precision == graph::Precision::kFp32,
      ErrorCode::kInvalidArgument,
      "`precision` {} is one of onnx files; a {} has float32 weights, or those of the model",
      name_of(options.onnx.precision), name_of(options.format));
}

Json to_json(const ExportedGraph& exported) {
  Json json{{"file", exported.path.string()},
            {"graph", exported.graph},
            {"nodes", exported.nodes},
            {"file_bytes", exported.file_bytes},
            {"inputs", ports_json(exported.inputs)},
            {"outputs", ports_json(exported.outputs)},
            {"states", exported.states}};
  if (exported.opset == 0) return json;
  json["opset"] = exported.opset;
  json["ir_version"] = exported.ir_version;
  return json;
}

Json to_json(const Exported& exported) {
  Json files = Json::array();
  for (const ExportedGraph& graph : exported.graphs) files.push_back(to_json(graph));
  if (exported.format == ExportFormat::kStateDict)
    files.push_back({{"file", exported.path.string()},
                     {"tensors", exported.tensors},
                     {"metadata", exported.metadata}});
  return {{"format", name_of(exported.format)}, {"files", files}};
}

std::string exported_text(const Exported& exported) {
  std::string text;
  for (const ExportedGraph& graph : exported.graphs) text += graph_text(graph);
  if (exported.format == ExportFormat::kStateDict)
    text += fmt::format("{}: {} tensors\n", exported.path.string(), exported.tensors);
  return text;
}

Exported export_model(const ModelExporter& exporter, const std::filesystem::path& out,
                      const ExportOptions& options) {
  validate(options);
  if (options.format != ExportFormat::kStateDict)
    return {.format = options.format, .graphs = export_graphs(exporter, out, options)};
  exporter.export_state_dict(out, options.metadata);
  return {.format = options.format,
          .path = out,
          .tensors = static_cast<std::int64_t>(exporter.model().weights.size()),
          .metadata = options.metadata};
}

}  // namespace nest::exports
