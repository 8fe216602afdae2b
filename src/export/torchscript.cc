#include "nest/export/torchscript.h"

#include <algorithm>
#include <mutex>

#include "dim_names.h"
#include "graph_to_onnx.h"
#include "metadata.h"
#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/export/model_exporter.h"
#include "nest/graph/frames.h"
#include "nest/graph/sample_inputs.h"
#include "nest/graph/streaming.h"

namespace nest::exports {
namespace {

struct Registry {
  std::mutex mutex;
  TorchScriptWriter writer;
};

Registry& registry() {
  static Registry instance;
  return instance;
}

TorchScriptWriter registered() {
  const std::lock_guard lock(registry().mutex);
  require(registry().writer != nullptr, ErrorCode::kUnsupported,
          "TorchScript is written by LibTorch, which this program does not link; nest-torch does");
  return registry().writer;
}

/// Two runs that share no length, of what the graph leaves open.
std::vector<TensorMap> examples_of(const graph::Model& model, const graph::Graph& graph) {
  std::int64_t samples = 9, multiple = 1;
  if (model.graphs.contains("encoder")) samples = graph::min_samples(model, 6);
  if (graph::is_streamable(model))
    multiple = graph::make_streaming_step(model.graph("encoder")).frame_multiple;
  return {graph::sample_inputs(graph, {{"B", 2}, {"T", samples}, {"U", 3}, {"N", 2 * multiple}}),
          graph::sample_inputs(
              graph, {{"B", 3}, {"T", 2 * samples + 1}, {"U", 4}, {"N", 3 * multiple}}, 5)};
}

ExportedPort port_of(const graph::Graph& graph, const graph::Port& port, DimNames& names) {
  const graph::Value& value = graph.value(port.value);
  return {port.feeds.empty() ? port.name : state_output(port.feeds), value.dtype,
          dim_texts(names.named(port.name, value.shape))};
}

std::string description_of(const graph::Model& model, const graph::Graph& graph,
                           const ExportedGraph& exported) {
  Json json;
  for (const auto& [key, value] : metadata_of(model, graph, graph::Precision::kFp32))
    json[key] = value;
  const Json described = to_json(exported);
  json["inputs"] = described.at("inputs");
  json["outputs"] = described.at("outputs");
  return json.dump();
}

}  // namespace

void register_torchscript(TorchScriptWriter writer) {
  const std::lock_guard lock(registry().mutex);
  registry().writer = std::move(writer);
}

ExportedGraph ModelExporter::export_torchscript(const std::filesystem::path& path,
                                                std::string_view name) const {
  const graph::Graph& graph = model_.graph(name);
  const TorchScriptWriter write = registered();
  const std::vector<TensorMap> examples = examples_of(model_, graph);
  ExportedGraph exported;
  exported.path = path;
  exported.graph = graph.name;
  DimNames names;
  for (const graph::Port& port : graph.inputs)
    if (examples.front().contains(port.name))
      exported.inputs.push_back(port_of(graph, port, names));
  for (const graph::Port& port : graph.outputs) {
    exported.outputs.push_back(port_of(graph, port, names));
    if (!port.feeds.empty()) exported.states.push_back(port.feeds);
  }
  exported.nodes =
      write(model_, graph.name, examples, description_of(model_, graph, exported), path);
  exported.file_bytes = static_cast<std::int64_t>(std::filesystem::file_size(path));
  return exported;
}

}  // namespace nest::exports
