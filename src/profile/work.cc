#include "nest/profile/work.h"

#include <algorithm>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "nest/graph/sample_inputs.h"

namespace nest::profile {
namespace {

/// The token input and the scores that choose it, if the graph has both.
void find_tokens(const graph::Graph& graph, Work& work) {
  for (const graph::Port& in : graph.inputs) {
    if (in.name != "token") continue;
    for (const graph::Port& out : graph.outputs) {
      if (out.name != "logits") continue;
      work.token = in.name;
      work.scores = out.name;
    }
  }
}

}  // namespace

void visit_fields(FieldVisitor& visitor, WorkOptions& o) {
  visitor.group("Work");
  visitor.field("graph", o.graph, "graph of the model");
  visitor.field("batch", o.batch, "items at once", between(1, 4096));
  visitor.field("length", o.length,
                "samples of an encoder, new frames of its step, frames of a decoder's memory",
                between(1, 1 << 24));
  visitor.field("steps", o.steps, "tokens of a stepwise graph in one run", between(1, 100000));
}

Work make_work(const graph::Model& model, const WorkOptions& options) {
  nest::validate(options);
  const graph::Graph& graph = model.graph(options.graph);
  Work work;
  work.graph = options.graph;
  work.steps = options.steps;
  const graph::Bindings wanted{
      {"B", options.batch}, {"T", options.length}, {"N", options.length}, {"U", 1}};
  for (const graph::Port& port : graph.outputs)
    if (!port.feeds.empty()) work.feeds[port.name] = port.feeds;
  find_tokens(graph, work);
  work.inputs = graph::sample_inputs(graph, wanted);
  for (const auto& [name, tensor] : work.inputs) {
    const bool is_state = std::ranges::any_of(
        work.feeds, [&port = name](const auto& feed) { return feed.second == port; });
    if (!is_state && name != work.token) work.constant.insert(name);
  }
  if (work.steps == 1) work.constant.clear();
  require_field(work.steps == 1 || !work.feeds.empty(), "steps",
                "is {}, but graph '{}' feeds nothing back, so its passes would be the same one",
                work.steps, options.graph);
  work.bindings = graph::bind(graph, work.inputs);
  return work;
}

void best_tokens(std::span<const float> scores, std::span<std::int64_t> tokens) {
  const std::size_t width = scores.size() / std::max<std::size_t>(1, tokens.size());
  for (std::size_t b = 0; b < tokens.size(); ++b) {
    const auto row = scores.subspan(b * width, width);
    tokens[b] = std::max_element(row.begin(), row.end()) - row.begin();
  }
}

}  // namespace nest::profile
