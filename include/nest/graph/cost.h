#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nest/graph/model.h"

/// How much: operations and bytes of every node, by definition of the model.
///
/// A MAC is one product added to a running sum: of convolutions, Linear, recurrent layers,
/// attention scores, contexts and energies. Zeros of a padding are multiplied like samples. FLOPs
/// are all operations on floating-point numbers: 2 for a MAC; 1 for every other addition,
/// subtraction, multiplication, division, comparison, exp, log, tanh, erf and square root. Norms,
/// pooling, softmax and elementwise kinds have FLOPs but no MACs. What depends on weights alone
/// (the scale of a batch norm, the sum of two biases) is done once at loading and counts nothing;
/// sums start with the bias.
///
/// These are the model's numbers. A runtime may execute fewer MACs (weighting electrodes before
/// filtering) or more (scores outside an attention window); what it executes is named
/// `executed_macs` (runtime::Session::StepTime). `reference/nodes.h` executes every kind with
/// numbers that count, and tests/graph/cost_test.cc compares.
namespace nest::graph {

struct Cost {
  std::int64_t macs = 0;
  std::int64_t flops = 0;         ///< 2 * macs and everything else
  std::int64_t parameters = 0;    ///< trainable elements; shared ones count at their first node
  std::int64_t weight_bytes = 0;  ///< as the model's quantization stores them with their scales,
                                  ///< the rest in its own type; buffers included
  std::int64_t input_bytes = 0;   ///< activations read, state included
  std::int64_t output_bytes = 0;  ///< activations written that something reads

  Cost& operator+=(const Cost& other);
  friend bool operator==(const Cost&, const Cost&) = default;
};

/// Shapes around a node; an absent input has none.
struct NodeShapes {
  std::vector<std::optional<Shape>> inputs;
  std::vector<Shape> outputs;
};
struct Operations {
  std::int64_t macs = 0;
  std::int64_t flops = 0;

  double gmacs() const { return 1e-9 * static_cast<double>(macs); }
  double gflops() const { return 1e-9 * static_cast<double>(flops); }

  friend bool operator==(const Operations&, const Operations&) = default;
};
/// Of one node kind. Errors: InvalidArgument if a number exceeds 2^63.
Operations operations_of(const Op& op, const NodeShapes& shapes);

/// Keys that the queries of one head work on; masks exclude none.
struct AttentionReach {
  std::int64_t pairs = 0;     ///< of a query and a key that its position may look at
  std::int64_t rows = 0;      ///< queries with at least one
  std::int64_t absorbed = 0;  ///< kLinear: keys added to running sums, which go on from query to
                              ///< query unless their first key changes
};
/// `is_step`: the keys end with the queries' (Attention's position). The stream has then run for
/// longer than attention looks back, and steps begin with a chunk.
AttentionReach attention_reach(const Attention& op, std::int64_t queries, std::int64_t keys,
                               bool is_step);

struct NodeCost {
  std::string name;
  std::string_view kind;
  std::vector<Shape> outputs;
  Cost cost;
};
struct GraphCost {
  std::string graph;
  Bindings bindings;
  std::vector<NodeCost> nodes;  ///< in graph order
};
/// Of a graph for given axis lengths. Optional inputs are absent, except explicit state. Weights
/// that the model does not hold count as float32.
///
/// Matrices and filters of narrow layers count as files store them: row_bytes() a row.
/// Errors: NotFound for the graph or a symbol without a value; InvalidArgument for a length that
/// gives an empty axis.
GraphCost graph_cost(const Model& model, std::string_view graph, const Bindings& bindings);

/// Bytes of all weights of a model, shared ones once, as its quantization stores them.
std::int64_t weight_bytes(const Model& model);

/// Sum over the nodes at or below a module path ("encoder.layers.0"); "": over all.
Cost total(const GraphCost& cost, std::string_view path = "");
/// The same for every module path there is, "" included.
std::map<std::string, Cost> module_totals(const GraphCost& cost);

}  // namespace nest::graph
