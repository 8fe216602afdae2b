#pragma once

#include <string>
#include <vector>

#include "nest/graph/model.h"
#include "nest/runtime/options.h"
#include "runtime/weights.h"

namespace nest::runtime {

/// A value or a signed index as the place in a table.
inline std::size_t at(std::int64_t index) {
  return static_cast<std::size_t>(index);
}

/// A weight after folding; computed when its packed form is made.
struct LoweredWeight {
  Shape shape;
  LazyFloats values;
  /// Of filters that files keep as codes: the values before they were rounded to them.
  LazyFloats unrounded = {};

  /// What is made of codes in files stays out of files itself.
  WeightStore::Keep keep() const {
    return unrounded ? WeightStore::Keep::kInMemory : WeightStore::Keep::kInFiles;
  }
};

/// What a node became. kOp keeps the meaning of its graph op.
enum class LoweredKind : std::uint8_t {
  kOp,
  kSpatialFir,     ///< x [B, 1, S, T] -> [B, O, 1, T']: weights mix [O, S], taps [O, K], bias [O]
  kDepthwiseTime,  ///< x [B, T, D] -> [B, T', D]: weights taps [K, D], bias [D]
  kJoinedLinear,   ///< several Linear nodes on one input as one product, one output each
};

struct LoweredNode {
  std::string name;
  graph::Op op;
  LoweredKind kind = LoweredKind::kOp;
  std::vector<graph::ValueId> inputs;
  std::vector<graph::ValueId> outputs;
  std::vector<LoweredWeight> weights;
  graph::LayerQuantization quantization;
  float activation_scale = 0;  ///< of the product of the same name; 0: none
  // Epilogue: y = act(...) * alpha + residual
  graph::Activation activation = graph::Activation::kRelu;
  bool has_activation = false;
  double alpha = 1;
  graph::ValueId residual = graph::kNoValue;
  /// A layer norm of the input comes first; its weight and bias are the last two weights.
  bool has_norm = false;
  double norm_eps = 0;
  bool is_removed = false;
};

/// A graph rewritten for the runtime: what is left to compute, in order.
struct Lowered {
  std::vector<graph::Value> values;  ///< the graph's, some with changed shapes
  std::vector<LoweredNode> nodes;
  std::vector<graph::ValueId> same_as;  ///< a value that shares another's memory, or itself
  std::vector<int> uses;                ///< consumers of each value, graph outputs included
  std::vector<std::string> notes;       ///< one line a rewrite

  void count_uses(const graph::Graph& graph);
  graph::ValueId root(graph::ValueId value) const;
  /// Index of the node that makes a value, -1 for inputs.
  int producer(graph::ValueId value) const;
};

/// Resolves weights and their quantization and (unless options.rewrite is off) folds batch norms as
/// graph/rewrite.h does, reorders and fuses. Where activations are observed, every product stays
/// one of its own. Filters of convolutions are what their codes stand for, and the store, which
/// must outlive the result, keeps those codes.
Lowered lower(const graph::Model& model, const graph::Graph& graph, const PrepareOptions& options,
              bool is_observed, WeightStore& store);

// The rewrites, in the order they run (lower_*.cc).
void reorder_spatial_filters(Lowered& lowered);
void use_time_major(Lowered& lowered);
void pool_before_activation(Lowered& lowered);
void fuse_epilogues(Lowered& lowered);
void join_projections(Lowered& lowered);
void fuse_norms(Lowered& lowered);

}  // namespace nest::runtime
