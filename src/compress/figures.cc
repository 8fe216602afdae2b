#include "nest/compress/figures.h"

#include <algorithm>
#include <cmath>

#include "nest/compress/prunable.h"
#include "nest/core/json.h"
#include "nest/graph/cost.h"
#include "nest/graph/frames.h"

namespace nest::compress {
namespace {

/// One item; `length` for the axes along time, one of everything else.
graph::Bindings lengths_of(const graph::Graph& graph, std::int64_t length) {
  graph::Bindings bindings;
  for (const graph::Value& value : graph.values) {
    for (const graph::Dim& dim : value.shape) {
      for (const std::string& symbol : dim.symbols())
        bindings[symbol] = symbol == "B" || symbol == "U" ? 1 : length;
    }
  }
  return bindings;
}

/// The same with a length that is doubled until no axis is empty.
graph::Bindings bindings_of(const graph::Graph& graph, std::int64_t length) {
  const auto fits = [&](const graph::Bindings& bindings) {
    return std::ranges::all_of(graph.values, [&](const graph::Value& value) {
      return std::ranges::all_of(value.shape, [&](const graph::Dim& dim) {
        return dim.is_constant() || dim.eval(bindings) >= 1;
      });
    });
  };
  constexpr std::int64_t kLongest = 1 << 24;
  while (length < kLongest && !fits(lengths_of(graph, length))) length *= 2;
  return lengths_of(graph, length);
}

}  // namespace

ModelFigures figures_of(const graph::Model& model) {
  ModelFigures figures;
  figures.parameters = model.num_parameters();
  figures.weight_bytes = graph::weight_bytes(model);
  figures.sparsity = sparsity_of(model).overall;
  const bool has_signal = model.graphs.contains("encoder");
  if (has_signal) {
    const auto second = static_cast<std::int64_t>(std::lround(model.signal.rate_hz));
    figures.samples = std::max(second, graph::min_samples(model));
  }
  const std::int64_t frames =
      has_signal ? graph::num_frames(model, figures.samples) : std::int64_t{1};
  for (const auto& [name, graph] : model.graphs) {
    const std::int64_t length = name == "encoder"    ? figures.samples
                                : name == "ctc_head" ? frames
                                                     : 1;
    figures.macs += graph::total(graph::graph_cost(model, name, bindings_of(graph, length))).macs;
  }
  return figures;
}

Json to_json(const ModelFigures& figures) {
  return {{"parameters", figures.parameters},
          {"macs", figures.macs},
          {"macs_samples", figures.samples},
          {"weight_bytes", figures.weight_bytes},
          {"sparsity", figures.sparsity}};
}

}  // namespace nest::compress
