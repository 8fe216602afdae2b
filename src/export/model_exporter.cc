#include "nest/export/model_exporter.h"

#include <utility>

#include <fmt/format.h>

#include "graph_to_onnx.h"
#include "metadata.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "nest/deploy/model_file.h"
#include "nest/graph/streaming.h"
#include "nest/io/checkpoint.h"
#include "onnx_model.h"
#include "whole_graph.h"

namespace nest::exports {

namespace {

constexpr int kLeastOpsetOfInt8 = 13;  // scales by channel
constexpr int kMostOpsetOfInt8 = 27;   // ONNX Runtime 1.32 has no QuantizeLinear of 28

std::vector<ExportedPort> ports_of(const std::vector<OnnxValue>& values) {
  std::vector<ExportedPort> ports;
  for (const OnnxValue& value : values) {
    ExportedPort port{value.name, value.dtype, {}};
    for (const OnnxDim& dim : value.shape) {
      const auto* length = std::get_if<std::int64_t>(&dim);
      port.shape.push_back(length == nullptr ? std::get<std::string>(dim)
                                             : std::to_string(*length));
    }
    ports.push_back(std::move(port));
  }
  return ports;
}

Json to_json(const std::vector<ExportedPort>& ports) {
  Json list = Json::array();
  for (const ExportedPort& port : ports)
    list.push_back({{"name", port.name}, {"dtype", name_of(port.dtype)}, {"shape", port.shape}});
  return list;
}

}  // namespace

void visit_fields(FieldVisitor& visitor, OnnxOptions& o) {
  visitor.field("precision", o.precision, "of weights and activations: fp32, fp16, int8");
  visitor.field("opset", o.opset, "ONNX operator set; below 17 layer norm is written in parts",
                between(kLeastOpset, kMostOpset));
  visitor.field("keep", o.keep, "optional inputs that the graph has: memory_attend, mask");
}

void validate(const OnnxOptions& options) {
  check_fields(options);
  const bool is_int8 = options.precision == graph::Precision::kInt8;
  require(is_int8 || options.precision == graph::Precision::kFp32 ||
              options.precision == graph::Precision::kFp16,
          ErrorCode::kInvalidArgument, "`precision` of an ONNX file is fp32, fp16 or int8, not {}",
          name_of(options.precision));
  require(!is_int8 || (options.opset >= kLeastOpsetOfInt8 && options.opset <= kMostOpsetOfInt8),
          ErrorCode::kInvalidArgument,
          "int8 weights with a scale a channel need `opset` {} to {}, not {}", kLeastOpsetOfInt8,
          kMostOpsetOfInt8, options.opset);
}

Json to_json(const ExportedGraph& exported) {
  return {{"file", exported.path.string()},
          {"graph", exported.graph},
          {"opset", exported.opset},
          {"ir_version", exported.ir_version},
          {"nodes", exported.nodes},
          {"file_bytes", exported.file_bytes},
          {"inputs", to_json(exported.inputs)},
          {"outputs", to_json(exported.outputs)},
          {"states", exported.states}};
}

ModelExporter::ModelExporter(graph::Model model) : original_(std::move(model)), model_(original_) {
  const auto add = [&](graph::Graph graph) {
    model_.graphs.insert_or_assign(graph.name, std::move(graph));
  };
  const bool is_streamable = graph::is_streamable(model_);
  if (is_streamable) add(graph::make_streaming_step(model_.graph("encoder")).graph);
  if (model_.family != graph::Family::kCtc) return;
  add(whole_ctc_graph(model_));
  if (is_streamable) add(graph::make_streaming_step(model_.graph("model")).graph);
}

std::vector<std::string> ModelExporter::graphs() const {
  std::vector<std::string> names;
  for (const auto& [name, graph] : model_.graphs) names.push_back(name);
  return names;
}

std::string ModelExporter::default_graph() const {
  if (original_.family == graph::Family::kCtc) return "model";
  return original_.graphs.size() == 1 ? original_.graphs.begin()->first : "all";
}

ExportedGraph ModelExporter::export_onnx(const std::filesystem::path& path, std::string_view name,
                                         const OnnxOptions& options) const {
  const graph::Graph& graph = model_.graph(name);
  OnnxModel onnx = graph_to_onnx(model_, graph, options);
  onnx.metadata = metadata_of(model_, graph, options);
  write_file_atomic(path, [&](std::ostream& out) { write_onnx(out, onnx); });
  ExportedGraph exported{.path = path,
                         .graph = graph.name,
                         .opset = options.opset,
                         .ir_version = onnx.ir_version,
                         .nodes = static_cast<std::int64_t>(onnx.graph.nodes.size()),
                         .file_bytes = 0,
                         .inputs = ports_of(onnx.graph.inputs),
                         .outputs = ports_of(onnx.graph.outputs),
                         .states = {}};
  if (std::filesystem::is_regular_file(path))
    exported.file_bytes = static_cast<std::int64_t>(std::filesystem::file_size(path));
  for (const graph::Port& port : graph.outputs)
    if (!port.feeds.empty()) exported.states.push_back(port.feeds);
  return exported;
}

void ModelExporter::export_state_dict(const std::filesystem::path& path,
                                      const StringMap<std::string>& metadata) const {
  io::Checkpoint checkpoint = deploy::to_checkpoint(original_);
  if (!metadata.empty()) checkpoint.extra["metadata"] = metadata;
  io::write_checkpoint(path, checkpoint);
}

}  // namespace nest::exports
