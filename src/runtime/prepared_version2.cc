#include <optional>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "runtime/prepared_impl.h"

namespace nest::runtime {
namespace {

graph::Quantization quantization_of(const Json& options) {
  graph::Quantization quantization;
  quantization.precision = from_name<graph::Precision>(options.at("precision").get<std::string>());
  for (const auto& [layer, precision] : options.at("layers").items())
    quantization.layers[layer] = {from_name<graph::Precision>(precision.get<std::string>())};
  for (const auto& [product, scale] : options.at("activation_scales").items())
    quantization.activations[product].scale = scale.get<float>();
  return quantization;
}

/// Projections of one input were calibrated as one product, under the name of the first.
void share_scales_of_joined_projections(const graph::Graph& graph,
                                        graph::Quantization& quantization) {
  std::map<graph::ValueId, graph::ActivationQuantization> by_input;
  for (const graph::Node& node : graph.nodes) {
    if (!std::holds_alternative<graph::Linear>(node.op)) continue;
    const auto found = quantization.activations.find(node.name);
    if (found != quantization.activations.end()) {
      by_input.emplace(node.inputs[0], found->second);
    } else if (const auto first = by_input.find(node.inputs[0]); first != by_input.end()) {
      quantization.activations[node.name] = first->second;
    }
  }
}

}  // namespace

PrepareOptions take_version2_options(const Json& options, graph::Model& model) {
  try {
    PrepareOptions prepare;
    prepare.sparse = options.at("sparse").get<bool>();
    prepare.rewrite = options.at("rewrite").get<bool>();
    model.quantization = quantization_of(options);
    for (const auto& [name, graph] : model.graphs) {
      if (prepare.rewrite) share_scales_of_joined_projections(graph, model.quantization);
    }
    graph::validate(model.quantization, model);
    return prepare;
  } catch (const Json::exception& error) {
    fail(ErrorCode::kDataCorrupt, "options: {}", error.what());
  } catch (const Error& error) {
    fail(ErrorCode::kDataCorrupt, "options: {}", error.what());
  }
}

}  // namespace nest::runtime
