#include <fmt/format.h>
#include <fmt/ranges.h>

#include "nest/export/preprocessing.h"

namespace nest::exports {
namespace {

/// OUT.onnx and "encoder" -> OUT.encoder.onnx
std::filesystem::path file_of(const std::filesystem::path& out, const std::string& graph) {
  std::filesystem::path file = out;
  file.replace_extension("." + graph + out.extension().string());
  return file;
}

std::string port_text(const ExportedPort& port) {
  return fmt::format("{} {} [{}]", port.name, name_of(port.dtype), fmt::join(port.shape, ", "));
}

std::string graph_text(const ExportedGraph& exported) {
  std::string text = fmt::format("{}: graph '{}', {} nodes, opset {}, IR {}, {} bytes\n",
                                 exported.path.string(), exported.graph, exported.nodes,
                                 exported.opset, exported.ir_version, exported.file_bytes);
  for (const ExportedPort& port : exported.inputs)
    text += fmt::format("  in   {}\n", port_text(port));
  for (const ExportedPort& port : exported.outputs)
    text += fmt::format("  out  {}\n", port_text(port));
  return text;
}

}  // namespace

std::vector<ExportedGraph> export_onnx_files(const ModelExporter& exporter,
                                             const std::filesystem::path& out,
                                             const std::string& graph, const OnnxOptions& options) {
  const std::string which = graph.empty() ? exporter.default_graph() : graph;
  constexpr std::string_view kPreprocessing = "preprocessing";
  if (which == kPreprocessing)
    return {export_preprocessing(out, exporter.model().signal, options.opset)};
  if (which != "all") return {exporter.export_onnx(out, which, options)};
  std::vector<ExportedGraph> files;
  for (const std::string& name : exporter.graphs())
    files.push_back(exporter.export_onnx(file_of(out, name), name, options));
  return files;
}

std::string exported_text(const std::vector<ExportedGraph>& files) {
  std::string text;
  for (const ExportedGraph& exported : files) text += graph_text(exported);
  return text;
}

}  // namespace nest::exports
