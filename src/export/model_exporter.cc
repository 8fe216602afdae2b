#include "nest/export/model_exporter.h"

#include <utility>

#include <fmt/format.h>

#include "graph_to_onnx.h"
#include "metadata.h"
#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "nest/deploy/model_file.h"
#include "nest/graph/streaming.h"
#include "nest/io/checkpoint.h"
#include "own_file.h"
#include "save_onnx.h"
#include "style.h"
#include "whole_graph.h"

namespace nest::exports {

namespace {

constexpr int kLeastOpsetOfInt8 = 13;  // scales by channel
constexpr int kMostOpsetOfInt8 = 27;   // ONNX Runtime 1.32 has no QuantizeLinear of 28

}  // namespace

void visit_fields(FieldVisitor& visitor, OnnxOptions& o) {
  visitor.field("precision", o.precision, "of weights and activations: fp32, fp16, int8");
  visitor.field("opset", o.opset, "ONNX operator set; below 17 layer norm is written in parts",
                between(kLeastOpset, kMostOpset));
  visitor.field("keep", o.keep, "optional inputs that the graph has: memory_attend, mask");
  visitor.field("style", o.style, "names, order and metadata as a toolkit's exports have them");
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
  onnx.metadata = metadata_of(model_, graph, options.precision);
  if (options.precision == graph::Precision::kFp32)
    onnx.metadata.emplace_back("nest", own_description(original_, graph));
  const auto renamed = apply_style(options.style, model_, graph, onnx);
  ExportedGraph exported = save_onnx(path, onnx);
  for (const graph::Port& port : graph.outputs) {
    if (port.feeds.empty()) continue;
    const auto found = renamed.find(port.feeds);
    exported.states.push_back(found == renamed.end() ? port.feeds : found->second);
  }
  return exported;
}

void ModelExporter::export_state_dict(const std::filesystem::path& path,
                                      const StringMap<std::string>& metadata) const {
  io::Checkpoint checkpoint = deploy::to_checkpoint(original_);
  if (!metadata.empty()) checkpoint.extra["metadata"] = metadata;
  io::write_checkpoint(path, checkpoint);
}

}  // namespace nest::exports
