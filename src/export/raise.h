#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "nest/graph/model.h"
#include "onnx_model.h"
#include "raise_edges.h"

/// ONNX operators as node kinds: the way back from lowering.h. Operators are followed one by one;
/// what several of them mean together (a sigmoid times its input, heads of attention) shows from
/// what the edges between them are.
namespace nest::exports {

/// A graph in the making.
class Raise {
 public:
  Raise(const OnnxModel& onnx, graph::Model& model, graph::Graph& graph);

  /// Follows every operator. Errors: Unsupported that lists all operators that are not covered and
  /// where they stand.
  void run();

  // --- for the operators
  // ---------------------------------------------------------------------------

  graph::Graph& graph() { return graph_; }
  int opset() const { return opset_; }
  const Edge& edge(const std::string& name) const;
  bool has_input(const OnnxNode& node, std::size_t index) const {
    return index < node.inputs.size() && !node.inputs[index].empty();
  }
  const Edge& input(const OnnxNode& node, std::size_t index) const;
  /// Errors: Unsupported unless the input is a value or something that can be made one.
  View view(const OnnxNode& node, std::size_t index);
  /// The same without reshapes and factors.
  graph::ValueId value(const OnnxNode& node, std::size_t index);
  graph::ValueId value(const View& view, const OnnxNode& node);
  const Tensor* constant(const OnnxNode& node, std::size_t index) const;
  /// As float32. Errors: Unsupported, with what it is, if it is not constant.
  Tensor weight(const OnnxNode& node, std::size_t index, std::string_view what) const;
  /// Integers of an input or an attribute, whatever the operator set has. Null: neither.
  std::optional<std::vector<std::int64_t>> integers(const OnnxNode& node, std::size_t index,
                                                    std::string_view attribute) const;

  void set(const std::string& output, Edge edge) { edges_[output] = std::move(edge); }
  void set(const OnnxNode& node, Edge edge) { set(node.outputs.at(0), std::move(edge)); }
  /// Adds a node with an input and makes it the operator's output.
  void emit(const OnnxNode& node, graph::Op op, std::vector<graph::ValueId> inputs,
            std::vector<graph::WeightRef> weights = {});
  /// A name for what an operator becomes: the module that it stands in.
  std::string name_of(const OnnxNode& node, const std::string& of_weight = "");
  graph::WeightRef add_weight(const std::string& node, std::string_view what, Tensor values);

  /// The only operator that reads an edge; null if there are others, or it is an output.
  const OnnxNode* only_reader(const std::string& edge) const;
  /// An operator that was taken along with another.
  void skip(const OnnxNode& node) { skipped_.insert(&node); }

 private:
  void begin();
  void follow(const OnnxNode& node);
  void end();
  graph::ValueId value_of(const Part& part, const std::string& name);

  const OnnxModel& onnx_;
  graph::Model& model_;
  graph::Graph& graph_;
  int opset_ = 0;
  std::map<std::string, Edge> edges_;
  std::map<std::string, std::vector<const OnnxNode*>> readers_;
  std::set<std::string> outputs_;
  std::set<const OnnxNode*> skipped_;
  std::set<std::string> names_;
  std::map<std::string, graph::ValueId> made_;  ///< values of views, by what they are
  std::vector<std::string> uncovered_;
};

/// Attributes by name, with ONNX's default.
std::int64_t attribute_or(const OnnxNode& node, std::string_view name, std::int64_t otherwise);
double attribute_or(const OnnxNode& node, std::string_view name, double otherwise);
std::string attribute_or(const OnnxNode& node, std::string_view name, std::string otherwise);
const OnnxAttribute::Value* find_attribute(const OnnxNode& node, std::string_view name);
/// Errors: Unsupported unless the tensor has one element.
double scalar_of(const Tensor& tensor);
/// Nothing unless the input is a constant of one element.
std::optional<double> scalar_at(const Raise& at, const OnnxNode& node, std::size_t index);
/// Null for another edge.
const Part* part_of(const Edge& edge, Part::Kind kind);
bool is_near(double a, double b);
/// But for their factors.
bool is_same(const View& a, const View& b);

/// What follows an operator; null if nothing does.
using Follow = void (*)(Raise& at, const OnnxNode& node);
Follow follow_products(std::string_view op);
Follow follow_recurrent(std::string_view op);
Follow follow_rows(std::string_view op);
Follow follow_activations(std::string_view op);
Follow follow_elementwise(std::string_view op);
Follow follow_cuts(std::string_view op);
Follow follow_layout(std::string_view op);
Follow follow_lengths(std::string_view op);

/// Sums, differences, products and quotients of lengths and integers. False for other inputs.
bool compute_lengths(Raise& at, const OnnxNode& node);
/// Integers of an edge as lengths. Nothing for other edges.
std::optional<Lengths> lengths_of(const Edge& edge);

/// What a constant becomes. Errors: Unsupported for other ranks.
Tensor transposed_matrix(const Tensor& from);
Tensor sliced_constant(const Tensor& from, std::int64_t axis, std::int64_t begin, std::int64_t end,
                       std::int64_t step);
/// The output is the first input.
void same(Raise& at, const OnnxNode& node);
/// Arithmetic of two numbers. False for other inputs.
bool compute_number(Raise& at, const OnnxNode& node);

/// Products of two values: heads of attention. Errors: Unsupported for others.
void follow_heads(Raise& at, const OnnxNode& node);

}  // namespace nest::exports
