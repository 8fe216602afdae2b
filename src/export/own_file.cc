#include "own_file.h"

#include <algorithm>
#include <functional>
#include <map>

#include "graph_to_onnx.h"
#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "nest/graph/serialize.h"
#include "nest/graph/streaming.h"
#include "whole_graph.h"

namespace nest::exports {
namespace {

constexpr std::string_view kDescription = "nest";
constexpr std::int64_t kFormat = 1;
constexpr std::string_view kNumber = "number(";  ///< how OnnxBuilder names what is no weight

const std::string* find_entry(const OnnxModel& onnx, std::string_view key) {
  const auto found = std::ranges::find(onnx.metadata, key,
                                       [](const auto& e) { return std::string_view(e.first); });
  return found == onnx.metadata.end() ? nullptr : &found->second;
}

/// Initializers and constants by name.
std::map<std::string, const Tensor*> tensors_of(const OnnxGraph& graph) {
  std::map<std::string, const Tensor*> tensors;
  for (const OnnxTensor& tensor : graph.initializers) tensors.emplace(tensor.name, &tensor.values);
  return tensors;
}

/// Weights whose elements are their own numbers in a half of all bits: floats hold 24 of them.
TensorMap numbered(const std::vector<graph::WeightInfo>& infos, bool is_high) {
  TensorMap weights;
  std::uint64_t next = 1;  // 0 is what nothing wrote
  for (const graph::WeightInfo& info : infos) {
    Tensor tensor(info.dtype, info.shape);
    if (info.dtype == DType::kF32) {
      for (float& x : tensor.mutable_data<float>()) {
        x = static_cast<float>(is_high ? next >> 20U : next & 0xfffffU);
        ++next;
      }
    }
    weights.emplace(info.name, std::move(tensor));
  }
  return weights;
}

/// Every element of the weights in a row, for numbers to point into.
struct Elements {
  explicit Elements(TensorMap& weights, const std::vector<graph::WeightInfo>& infos) {
    for (const graph::WeightInfo& info : infos) {
      if (info.dtype != DType::kF32) continue;
      for (float& x : weights.at(info.name).mutable_data<float>()) at.push_back(&x);
    }
  }
  std::vector<float*> at;
};

OnnxModel lowered(graph::Model model, TensorMap weights, const graph::Graph& graph,
                  const OnnxOptions& options) {
  model.weights = std::move(weights);
  return graph_to_onnx(model, graph, options);
}

/// The file's weights in the model's order; nothing if the lowering has other tensors.
std::optional<TensorMap> found_weights(const OnnxModel& file, const graph::Model& model,
                                       const graph::Graph& graph, const OnnxOptions& options) {
  const auto infos = graph::weight_infos(graph);
  const OnnxModel low = lowered(model, numbered(infos, false), graph, options);
  const OnnxModel high = lowered(model, numbered(infos, true), graph, options);
  const auto there = tensors_of(file.graph), highs = tensors_of(high.graph);
  TensorMap weights;
  for (const graph::WeightInfo& info : infos)
    weights.emplace(info.name, Tensor(info.dtype, info.shape));
  const Elements elements(weights, infos);
  std::vector<bool> is_found(elements.at.size(), false);
  for (const OnnxTensor& tensor : low.graph.initializers) {
    const auto from = there.find(tensor.name);
    const auto upper = highs.find(tensor.name);
    if (from == there.end() || from->second->shape() != tensor.values.shape() ||
        from->second->dtype() != tensor.values.dtype())
      return std::nullopt;
    if (tensor.values.dtype() != DType::kF32 || upper == highs.end() ||
        tensor.name.starts_with(kNumber))
      continue;
    const auto value = from->second->data<float>();
    const auto a = tensor.values.data<float>(), b = upper->second->data<float>();
    for (std::size_t i = 0; i < value.size(); ++i) {
      const auto number = static_cast<std::uint64_t>(a[i]) | static_cast<std::uint64_t>(b[i])
                                                                 << 20U;
      if (number < 1 || number > elements.at.size()) continue;
      *elements.at[number - 1] = value[i];
      is_found[number - 1] = true;
    }
  }
  if (!std::ranges::all_of(is_found, std::identity())) return std::nullopt;
  return weights;
}

bool is_same(const OnnxModel& a, const OnnxModel& b) {
  const auto there = tensors_of(b.graph);
  return a.graph.nodes.size() == b.graph.nodes.size() &&
         a.graph.initializers.size() == b.graph.initializers.size() &&
         std::ranges::all_of(a.graph.initializers, [&](const OnnxTensor& tensor) {
           const auto found = there.find(tensor.name);
           return found != there.end() && bit_equal(tensor.values, *found->second);
         });
}

/// The graph that the file has, of the model's own or made of them.
graph::Graph graph_of(const graph::Model& model, const std::string& name) {
  graph::Model all = model;
  if (!all.graphs.contains("model") && name.starts_with("model"))
    all.graphs.emplace("model", whole_ctc_graph(model));
  if (all.graphs.contains(name)) return all.graph(name);
  constexpr std::string_view kStep = "_step";
  return graph::make_streaming_step(all.graph(name.substr(0, name.size() - kStep.size()))).graph;
}

}  // namespace

std::string own_description(const graph::Model& original, const graph::Graph& exported) {
  return Json{{"format", kFormat}, {"graph", exported.name}, {"model", graph::to_json(original)}}
      .dump();
}

std::optional<graph::Model> own_model(const OnnxModel& onnx) {
  const std::string* description = find_entry(onnx, kDescription);
  const std::string* precision = find_entry(onnx, "precision");
  if (description == nullptr || precision == nullptr || *precision != "fp32") return std::nullopt;
  const Json json = parse_json(*description, "metadata 'nest'");
  if (json.value("format", std::int64_t{0}) != kFormat) return std::nullopt;
  graph::Model model = graph::model_from_json(json.at("model"));
  const auto name = json.at("graph").get<std::string>();
  model.weights = numbered(graph::weight_infos(model), false);  // graphs are made of whole models
  const graph::Graph graph = graph_of(model, name);
  OnnxOptions options;
  const auto opset = onnx.opsets.find("");
  if (opset == onnx.opsets.end()) return std::nullopt;
  options.opset = opset->second;
  for (const graph::Port& port : graph.inputs) {
    const bool is_there = std::ranges::any_of(
        onnx.graph.inputs, [&](const OnnxValue& value) { return value.name == port.name; });
    if (port.is_optional && is_there) options.keep.push_back(port.name);
  }
  auto weights = found_weights(onnx, model, graph, options);
  if (!weights || !is_same(lowered(model, *weights, graph, options), onnx)) return std::nullopt;
  const bool is_whole = std::ranges::all_of(
      graph::weight_infos(model), [&](const auto& info) { return weights->contains(info.name); });
  model.weights = std::move(*weights);
  if (is_whole) return model;
  model.graphs = {{name, graph}};
  model.family = graph::Family::kBlock;
  return model;
}

}  // namespace nest::exports
