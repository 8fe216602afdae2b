#include "nest/compress/layers.h"

#include <algorithm>
#include <set>

#include <fmt/ranges.h>

#include "nest/core/error.h"
#include "nest/graph/codes.h"

namespace nest::compress {
namespace {

std::set<std::string, std::less<>> convolutions_of(const graph::Model& model) {
  std::set<std::string, std::less<>> convolutions;
  for (const Layer& layer : layers_of(model)) {
    if (layer.kind == "conv") convolutions.insert(layer.name);
  }
  return convolutions;
}

}  // namespace

std::vector<Layer> layers_of(const graph::Model& model) {
  std::vector<Layer> layers;
  std::set<std::string_view> seen;
  for (const auto& [graph_name, graph] : model.graphs) {
    for (const graph::Node& node : graph.nodes) {
      if (!graph::has_precision(node) || !seen.insert(node.name).second) continue;
      Layer layer{node.name, std::string(graph::kind_name(node.op)), 0};
      for (const Shape& shape : graph::weight_shapes(node.op)) {
        if (shape.size() > 1) layer.parameters += numel(shape);
      }
      layers.push_back(std::move(layer));
    }
  }
  return layers;
}

std::string kinds_text(const std::vector<Layer>& layers) {
  std::set<std::string> kinds;
  for (const Layer& layer : layers) kinds.insert(layer.kind);
  return fmt::format("{}", fmt::join(kinds, ", "));
}

void require_float(const graph::Model& model) {
  require(model.quantization == graph::Quantization{}, ErrorCode::kInvalidArgument,
          "the model is {} already; quantize the original float model",
          graph::describe(model.quantization));
}

void keep_convolutions(graph::Model& model) {
  const auto convolutions = convolutions_of(model);
  std::erase_if(model.quantization.activations,
                [&](const auto& entry) { return !convolutions.contains(entry.first); });
}

void drop_convolution_scales(graph::Model& model) {
  const auto convolutions = convolutions_of(model);
  std::erase_if(model.quantization.activations,
                [&](const auto& entry) { return convolutions.contains(entry.first); });
}

}  // namespace nest::compress
