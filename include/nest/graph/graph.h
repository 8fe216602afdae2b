#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "nest/core/dtype.h"
#include "nest/core/tensor.h"
#include "nest/graph/dim.h"
#include "nest/graph/op.h"

namespace nest::graph {

using nest::to_string;  // for Shape, beside the overload for DimShape

using ValueId = std::int32_t;
inline constexpr ValueId kNoValue = -1;

/// A named edge of the graph.
struct Value {
  std::string name;
  DType dtype = DType::kF32;
  DimShape shape;
  /// Index of the axis whose length is the time of a padded batch; -1 if there is none. Executors
  /// that run a padded batch evaluate shape[time_axis] with each item's own T to get its length,
  /// and treat everything behind it as zeros. So a batched result equals the single results.
  int time_axis = -1;
};

/// A weight by state-dict name, or rows [row_begin, row_end) of it (row_end 0: all rows).
struct WeightRef {
  std::string name;
  std::int64_t row_begin = 0;
  std::int64_t row_end = 0;
};

struct Node {
  std::string name;  ///< unique in the graph; the module path, e.g. "temporal_encoder.lstm"
  Op op;
  std::vector<ValueId> inputs;  ///< kNoValue for an absent optional input
  std::vector<ValueId> outputs;
  std::vector<WeightRef> weights;
};

/// A graph input or output.
struct Port {
  std::string name;
  ValueId value = kNoValue;
  bool is_optional = false;  ///< inputs only: may be left out by the caller
  /// Outputs only: name of the input that takes this value in the next step (explicit state).
  /// Absent state means zeros.
  std::string feeds;
};

/// A typed dataflow graph in topological order.
///
/// Built once by the factory, then only rewritten as a whole (fold, prune, quantize); executors
/// read it. Weights live beside it in a TensorMap (Model::weights).
struct Graph {
  std::string name;
  std::vector<Value> values;
  std::vector<Node> nodes;
  std::vector<Port> inputs;
  std::vector<Port> outputs;

  const Value& value(ValueId id) const { return values.at(static_cast<std::size_t>(id)); }
  /// Errors: NotFound that lists the ports there are.
  const Port& input(std::string_view port) const;
  const Port& output(std::string_view port) const;
  /// State outputs and the inputs they feed.
  bool is_stateful() const;
  /// Every distinct weight name in node order.
  std::vector<std::string> weight_names() const;

  /// Adds a value. Returns its id.
  ValueId add_value(std::string name, DType dtype, DimShape shape, int time_axis = -1);
  ValueId add_input(std::string name, DType dtype, DimShape shape, int time_axis = -1,
                    bool is_optional = false);
  void add_output(std::string name, ValueId value, std::string feeds = "");
  /// Adds a node; its output values are created from shape inference and named after the node.
  /// Errors: InvalidArgument naming the node, the input shapes and what the op expects.
  std::vector<ValueId> add_node(std::string name, Op op, std::vector<ValueId> inputs,
                                std::vector<WeightRef> weights = {});
};

/// Shapes and types of a node's outputs from its inputs (one entry an output).
struct Inferred {
  std::string suffix;  ///< "" for the main output, ".h_n" and the like for others
  DType dtype;
  DimShape shape;
  int time_axis;
};
/// Inputs that are absent are null. Errors: InvalidArgument in words ("expects 3 axes, got ...").
std::vector<Inferred> infer(const Op& op, const std::vector<const Value*>& inputs);

/// Full shape of each weight in order, as the op needs it.
std::vector<Shape> weight_shapes(const Op& op);

/// A weight as a whole graph needs it: gathered over every node and row range that uses the name.
struct WeightInfo {
  std::string name;
  DType dtype = DType::kF32;  ///< kI64 for counters; any floating-point type serves for kF32
  Shape shape;
};
/// In node order. Errors: InvalidArgument if two nodes need different shapes of one name.
std::vector<WeightInfo> weight_infos(const Graph& graph);
/// One line each missing, misshapen or wrongly typed tensor; "" if all fit.
std::string weight_problems(const std::vector<WeightInfo>& infos, const TensorMap& weights);

/// Checks that every edge is defined before use, that names are unique, that shapes infer to what
/// is stored, and (if weights are given) that each exists with the right shape. One error lists all
/// missing, misshapen and wrongly typed tensors.
void validate(const Graph& graph, const TensorMap* weights = nullptr);

/// Symbols from concrete input shapes: {"B": 2, "T": 500}. A symbol that only absent optional
/// inputs have stays unbound. Errors: InvalidArgument that names the input, its shape and the shape
/// expected, or the shortest T that gives every value at least one element; NotFound for an unknown
/// input.
Bindings bind(const Graph& graph, const TensorMap& inputs);

/// One line a node: name, kind, attributes, output shapes, weights, parameters.
std::string to_text(const Graph& graph, const TensorMap* weights = nullptr);
/// Graphviz DOT source.
std::string to_dot(const Graph& graph);

}  // namespace nest::graph
