#include "nest/graph/graph.h"

#include <algorithm>
#include <set>
#include <utility>

#include "nest/core/error.h"

namespace nest::graph {

namespace {

const Port& find_port(const std::vector<Port>& ports, std::string_view name, std::string_view graph,
                      std::string_view role) {
  std::string names;
  for (const Port& port : ports) {
    if (port.name == name) return port;
    names += (names.empty() ? "" : ", ") + port.name;
  }
  fail(ErrorCode::kNotFound, "graph '{}' has no {} '{}' (it has: {})", graph, role, name, names);
}

}  // namespace

const Port& Graph::input(std::string_view port) const {
  return find_port(inputs, port, name, "input");
}

const Port& Graph::output(std::string_view port) const {
  return find_port(outputs, port, name, "output");
}

bool Graph::is_stateful() const {
  return std::any_of(outputs.begin(), outputs.end(),
                     [](const Port& port) { return !port.feeds.empty(); });
}

std::vector<std::string> Graph::weight_names() const {
  std::vector<std::string> names;
  std::set<std::string_view> seen;
  for (const Node& node : nodes) {
    for (const WeightRef& weight : node.weights) {
      if (seen.insert(weight.name).second) names.push_back(weight.name);
    }
  }
  return names;
}

ValueId Graph::add_value(std::string value_name, DType dtype, DimShape shape, int time_axis) {
  require(time_axis >= -1 && time_axis < static_cast<int>(shape.size()),
          ErrorCode::kInvalidArgument, "value '{}': time axis {} is out of range for shape {}",
          value_name, time_axis, to_string(shape));
  values.push_back({std::move(value_name), dtype, std::move(shape), time_axis});
  return static_cast<ValueId>(values.size() - 1);
}

ValueId Graph::add_input(std::string port, DType dtype, DimShape shape, int time_axis,
                         bool is_optional) {
  const ValueId value = add_value(port, dtype, std::move(shape), time_axis);
  inputs.push_back({std::move(port), value, is_optional, ""});
  return value;
}

void Graph::add_output(std::string port, ValueId value, std::string feeds) {
  require(value >= 0 && static_cast<std::size_t>(value) < values.size(),
          ErrorCode::kInvalidArgument, "output '{}': there is no value {}", port, value);
  outputs.push_back({std::move(port), value, false, std::move(feeds)});
}

std::vector<ValueId> Graph::add_node(std::string node_name, Op op, std::vector<ValueId> node_inputs,
                                     std::vector<WeightRef> weights) {
  const std::string context = fmt::format("node '{}' ({})", node_name, kind_name(op));
  return with_context(context, [&] {
    std::vector<const Value*> sources;
    for (const ValueId id : node_inputs) {
      require(id >= kNoValue && id < static_cast<ValueId>(values.size()),
              ErrorCode::kInvalidArgument, "there is no value {}", id);
      sources.push_back(id == kNoValue ? nullptr : &value(id));
    }
    const std::vector<Inferred> inferred = infer(op, sources);
    const std::size_t needed = weight_shapes(op).size();
    require(weights.size() == needed, ErrorCode::kInvalidArgument, "needs {} weights, got {}",
            needed, weights.size());
    std::vector<ValueId> results;
    for (const Inferred& output : inferred) {
      results.push_back(
          add_value(node_name + output.suffix, output.dtype, output.shape, output.time_axis));
    }
    nodes.push_back(
        {node_name, std::move(op), std::move(node_inputs), results, std::move(weights)});
    return results;
  });
}

}  // namespace nest::graph
