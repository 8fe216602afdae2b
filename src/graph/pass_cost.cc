#include "nest/graph/pass_cost.h"

#include <algorithm>
#include <cmath>

#include "nest/graph/cost.h"
#include "nest/graph/frames.h"

namespace nest::graph {
namespace {

/// One item; `length` for the axes along time, one of everything else.
Bindings lengths_of(const Graph& graph, std::int64_t length) {
  Bindings bindings;
  for (const Value& value : graph.values) {
    for (const Dim& dim : value.shape) {
      for (const std::string& symbol : dim.symbols())
        bindings[symbol] = symbol == "B" || symbol == "U" ? 1 : length;
    }
  }
  return bindings;
}

/// The same with a length that is doubled until no axis is empty.
Bindings bindings_of(const Graph& graph, std::int64_t length) {
  const auto fits = [&](const Bindings& bindings) {
    return std::ranges::all_of(graph.values, [&](const Value& value) {
      return std::ranges::all_of(value.shape, [&](const Dim& dim) {
        return dim.is_constant() || dim.eval(bindings) >= 1;
      });
    });
  };
  constexpr std::int64_t kLongest = 1 << 24;
  while (length < kLongest && !fits(lengths_of(graph, length))) length *= 2;
  return lengths_of(graph, length);
}

}  // namespace

PassCost pass_cost(const Model& model) {
  PassCost cost;
  const bool has_signal = model.graphs.contains("encoder");
  if (has_signal) {
    const auto second = static_cast<std::int64_t>(std::lround(model.signal.rate_hz));
    cost.samples = std::max(second, min_samples(model));
  }
  const std::int64_t frames = has_signal ? num_frames(model, cost.samples) : std::int64_t{1};
  for (const auto& [name, graph] : model.graphs) {
    const std::int64_t length = name == "encoder" ? cost.samples : name == "ctc_head" ? frames : 1;
    cost.macs += total(graph_cost(model, name, bindings_of(graph, length))).macs;
  }
  return cost;
}

}  // namespace nest::graph
