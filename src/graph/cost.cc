#include "nest/graph/cost.h"

#include <set>

#include "nest/core/error.h"
#include "nest/graph/code_rows.h"
#include "nest/graph/codes.h"
#include "nest/graph/path.h"

namespace nest::graph {

namespace {

/// A matrix [n, k] or filters in the precision of their layer, with their scales.
std::int64_t quantized_bytes(const Quantization& quantization, const Node& node, const Shape& shape,
                             std::int64_t plain) {
  const Precision precision = precision_of(quantization, node.name);
  if (precision == Precision::kFp32 || precision == Precision::kFp64) return plain;
  const std::int64_t rows = shape.at(0), columns = rows == 0 ? 0 : numel(shape) / rows;
  return rows * row_bytes(precision, columns);
}

/// One weight of a node as the model's quantization stores it.
std::int64_t stored_bytes(const Model& model, const Node& node, const WeightRef& weight,
                          const Shape& shape) {
  const auto found = model.weights.find(weight.name);
  const DType dtype = found == model.weights.end() ? DType::kF32 : found->second.dtype();
  const std::int64_t plain = numel(shape) * static_cast<std::int64_t>(size_of(dtype));
  const bool is_matrix = shape.size() > 1 && has_precision(node);
  return is_matrix ? quantized_bytes(model.quantization, node, shape, plain) : plain;
}

/// What of a graph is there for given lengths.
class Measure {
 public:
  Measure(const Model& model, const Graph& graph, const Bindings& bindings)
      : model_(model), graph_(graph), is_read_(graph.values.size(), false) {
    std::set<std::string_view> states;
    for (const Port& port : graph.outputs) states.insert(port.feeds);
    for (const Port& port : graph.inputs) {
      if (port.is_optional && !states.contains(port.name)) absent_.insert(port.value);
    }
    for (std::size_t id = 0; id < graph.values.size(); ++id) {
      const bool is_absent = absent_.contains(static_cast<ValueId>(id));
      shapes_.push_back(is_absent ? Shape{} : shape_of(graph.values[id], bindings));
    }
    for (const Node& node : graph.nodes) {
      for (const ValueId id : node.inputs) mark_read(id);
    }
    for (const Port& port : graph.outputs) mark_read(port.value);
  }

  NodeCost of(const Node& node) {
    NodeCost made{node.name, kind_name(node.op), {}, {}};
    NodeShapes shapes;
    for (const ValueId id : node.inputs) {
      const bool is_there = id != kNoValue && !absent_.contains(id);
      shapes.inputs.push_back(is_there ? std::optional(shape(id)) : std::nullopt);
      if (is_there) made.cost.input_bytes += bytes(id);
    }
    for (const ValueId id : node.outputs) {
      shapes.outputs.push_back(shape(id));
      if (is_read_[static_cast<std::size_t>(id)]) made.cost.output_bytes += bytes(id);
    }
    made.outputs = shapes.outputs;
    const Operations operations = operations_of(node.op, shapes);
    made.cost.macs = operations.macs;
    made.cost.flops = operations.flops;
    const std::vector<Shape> needed = weight_shapes(node.op);
    for (std::size_t i = 0; i < needed.size(); ++i) {
      add_weight(node, node.weights.at(i), needed[i], made.cost);
    }
    return made;
  }

 private:
  Shape shape_of(const Value& value, const Bindings& bindings) const {
    Shape shape;
    for (const Dim& dim : value.shape) {
      shape.push_back(dim.eval(bindings));
      require(dim.is_constant() || shape.back() >= 1, ErrorCode::kInvalidArgument,
              "graph '{}': '{}' would have {} = {} elements on one axis", graph_.name, value.name,
              dim.text(), shape.back());
    }
    return shape;
  }
  void mark_read(ValueId id) {
    if (id != kNoValue) is_read_[static_cast<std::size_t>(id)] = true;
  }
  const Shape& shape(ValueId id) const { return shapes_[static_cast<std::size_t>(id)]; }
  std::int64_t bytes(ValueId id) const {
    return numel(shape(id)) * static_cast<std::int64_t>(size_of(graph_.value(id).dtype));
  }
  void add_weight(const Node& node, const WeightRef& weight, const Shape& shape, Cost& cost) {
    if (!counted_.emplace(weight.name, weight.row_begin).second) return;
    if (!is_buffer(weight.name)) cost.parameters += numel(shape);
    cost.weight_bytes += stored_bytes(model_, node, weight, shape);
  }

  const Model& model_;
  const Graph& graph_;
  std::vector<Shape> shapes_;
  std::vector<bool> is_read_;
  std::set<ValueId> absent_;
  std::set<std::pair<std::string, std::int64_t>> counted_;
};

}  // namespace

Cost& Cost::operator+=(const Cost& other) {
  macs += other.macs;
  flops += other.flops;
  parameters += other.parameters;
  weight_bytes += other.weight_bytes;
  input_bytes += other.input_bytes;
  output_bytes += other.output_bytes;
  return *this;
}

GraphCost graph_cost(const Model& model, std::string_view name, const Bindings& bindings) {
  const Graph& graph = model.graph(name);
  Measure measure(model, graph, bindings);
  GraphCost cost{graph.name, bindings, {}};
  for (const Node& node : graph.nodes) {
    with_context(fmt::format("node '{}'", node.name),
                 [&] { cost.nodes.push_back(measure.of(node)); });
  }
  return cost;
}

Cost total(const GraphCost& cost, std::string_view path) {
  Cost sum;
  for (const NodeCost& node : cost.nodes) {
    if (is_below(node.name, path)) sum += node.cost;
  }
  return sum;
}

std::int64_t weight_bytes(const Model& model) {
  std::set<std::pair<std::string, std::int64_t>> counted;
  std::int64_t bytes = 0;
  for (const auto& [name, graph] : model.graphs) {
    for (const Node& node : graph.nodes) {
      const std::vector<Shape> shapes = weight_shapes(node.op);
      for (std::size_t i = 0; i < shapes.size(); ++i) {
        const WeightRef& weight = node.weights.at(i);
        if (counted.emplace(weight.name, weight.row_begin).second)
          bytes += stored_bytes(model, node, weight, shapes[i]);
      }
    }
  }
  return bytes;
}

std::map<std::string, Cost> module_totals(const GraphCost& cost) {
  std::map<std::string, Cost> totals;
  for (const NodeCost& node : cost.nodes) {
    totals[""] += node.cost;
    for (std::size_t end = 0; end != std::string::npos;) {
      end = node.name.find('.', end + 1);
      totals[node.name.substr(0, end)] += node.cost;
    }
  }
  return totals;
}

}  // namespace nest::graph
