#include "metadata.h"

#include <fmt/format.h>

#include "graph_to_onnx.h"
#include "nest/core/hash.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "nest/graph/frames.h"
#include "nest/graph/serialize.h"

namespace nest::exports {

namespace {

Json states_of(const graph::Graph& graph) {
  Json states = Json::array();
  for (const graph::Port& port : graph.outputs) {
    if (port.feeds.empty()) continue;
    const graph::Value& value = graph.value(graph.input(port.feeds).value);
    Json shape = Json::array();
    for (const graph::Dim& dim : value.shape) shape.push_back(dim.text());
    states.push_back({{"input", port.feeds},
                      {"output", state_output(port.feeds)},
                      {"dtype", name_of(value.dtype)},
                      {"shape", shape},
                      {"start", "zeros"}});
  }
  return states;
}

}  // namespace

std::string weights_sha256(const TensorMap& weights) {
  std::string lines;
  for (const auto& [name, tensor] : weights) {
    const std::span bytes(static_cast<const std::byte*>(tensor.raw()), tensor.nbytes());
    lines += fmt::format("{} {} {} {}\n", name, name_of(tensor.dtype()), to_string(tensor.shape()),
                         sha256_hex(bytes));
  }
  return sha256_hex(std::as_bytes(std::span(lines)));
}

std::vector<std::pair<std::string, std::string>> metadata_of(const graph::Model& model,
                                                             const graph::Graph& graph,
                                                             graph::Precision precision) {
  std::vector<std::pair<std::string, std::string>> entries{
      {"model", model.name},
      {"family", std::string(name_of(model.family))},
      {"graph", graph.name},
      {"precision", std::string(name_of(precision))},
      {"config", model.config.dump()},
      {"signal_contract", nest::to_json(model.signal).dump()},
      {"vocabulary", graph::to_json(model.vocabulary).dump()},
      {"states", states_of(graph).dump()},
      {"weights_sha256", weights_sha256(model.weights)}};
  if (model.graphs.contains("encoder"))
    entries.emplace_back("samples_per_frame", std::to_string(graph::samples_per_frame(model)));
  return entries;
}

}  // namespace nest::exports
