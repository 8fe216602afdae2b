#include <algorithm>

#include "nest/core/error.h"
#include "nest/graph/graph.h"
#include "nest/graph/model.h"

namespace nest::graph {

namespace {

/// "weight, bias" without the node's own name; long lists (stacked LSTMs) are cut.
std::string weights_text(const Node& node) {
  constexpr std::size_t kShown = 4;
  std::string text;
  for (std::size_t i = 0; i < std::min(kShown, node.weights.size()); ++i) {
    const WeightRef& weight = node.weights[i];
    std::string name = weight.name;
    if (name.starts_with(node.name + ".")) name = name.substr(node.name.size() + 1);
    if (weight.row_end != 0) name += fmt::format("[{}:{}]", weight.row_begin, weight.row_end);
    text += (i == 0 ? "" : " ") + name;
  }
  if (node.weights.size() > kShown) text += fmt::format(" +{}", node.weights.size() - kShown);
  return text;
}

std::int64_t parameters_of(const Node& node) {
  const std::vector<Shape> shapes = weight_shapes(node.op);
  std::int64_t count = 0;
  for (std::size_t i = 0; i < shapes.size() && i < node.weights.size(); ++i) {
    if (!is_buffer(node.weights[i].name)) count += numel(shapes[i]);
  }
  return count;
}

std::string dtype_text(const Node& node, const TensorMap* weights) {
  if (weights == nullptr || node.weights.empty()) return "";
  const auto found = weights->find(node.weights.front().name);
  return found == weights->end() ? "missing" : std::string(name_of(found->second.dtype()));
}

using Row = std::vector<std::string>;

std::string table(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line = " ";
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (widths[i] != 0) line += fmt::format(" {:<{}}", row[i], widths[i]);
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

}  // namespace

std::string to_text(const Graph& graph, const TensorMap* weights) {
  std::vector<Row> rows;
  std::int64_t parameters = 0;
  for (const WeightInfo& info : weight_infos(graph)) {
    if (!is_buffer(info.name)) parameters += numel(info.shape);
  }
  for (const Port& port : graph.inputs) {
    const Value& value = graph.value(port.value);
    rows.push_back({port.name, port.is_optional ? "input?" : "input", "", to_string(value.shape),
                    "", "", std::string(name_of(value.dtype))});
  }
  for (const Node& node : graph.nodes) {
    std::string shapes;
    for (const ValueId id : node.outputs) {
      shapes += (shapes.empty() ? "" : " ") + to_string(graph.value(id).shape);
    }
    const std::int64_t count = parameters_of(node);
    rows.push_back({node.name, std::string(kind_name(node.op)), attributes_text(node.op), shapes,
                    weights_text(node), count == 0 ? "" : std::to_string(count),
                    dtype_text(node, weights)});
  }
  for (const Port& port : graph.outputs) {
    rows.push_back({port.name, "output", port.feeds.empty() ? "" : "feeds " + port.feeds,
                    to_string(graph.value(port.value).shape)});
  }
  return fmt::format("graph {}: {} nodes, {} parameters\n", graph.name, graph.nodes.size(),
                     parameters) +
         table(rows);
}

}  // namespace nest::graph
