#pragma once

#include "infer.h"
#include "unit_atoms.h"

namespace nest::graph {

/// What each node kind ties together: a new kind says so here, or nothing compiles.
class UnitRules {
 public:
  UnitRules(UnitAtoms& atoms, const Graph& graph, const Node& node, std::vector<ValueAtoms>& values)
      : a_(atoms), graph_(graph), node_(node), values_(values) {}

  void operator()(const Conv& op);
  void operator()(const BatchNorm&);
  void operator()(const Pool& op);
  void operator()(const Activate&) { pass(); }
  void operator()(const Glu& op);
  void operator()(const Dropout&) { pass(); }
  void operator()(const Linear& op);
  void operator()(const Lstm& op);
  void operator()(const Gru& op);
  void operator()(const Attention& op);
  void operator()(const AdditiveAttention&);
  void operator()(const LocationFeatures&);
  void operator()(const LayerNorm&);
  void operator()(const Embedding&);
  void operator()(const CountFrames&) { set(0, {}); }
  void operator()(const PositionalEncoding&);
  void operator()(const Add&) { broadcast(); }
  void operator()(const Mul&) { broadcast(); }
  void operator()(const Scale&) { pass(); }
  void operator()(const Concat& op);
  void operator()(const Permute& op);
  void operator()(const Unsqueeze& op);
  void operator()(const Squeeze& op);
  void operator()(const Slice& op);
  void operator()(const LogSoftmax&) { softmax(); }
  void operator()(const Softmax&) { softmax(); }

 private:
  static std::size_t axis_of(int axis, std::size_t rank) {
    return static_cast<std::size_t>(normalize_axis(axis, rank));
  }
  const ValueAtoms& input(std::size_t i) const;
  ValueAtoms plain_input(std::size_t i);
  void set(std::size_t output, ValueAtoms axes) {
    values_[static_cast<std::size_t>(node_.outputs[output])] = std::move(axes);
  }
  void pass() { set(0, input(0)); }
  void drop(AxisAtoms& axis) {
    a_.fix(axis);
    axis = {};
  }
  void softmax() {
    ValueAtoms x = plain_input(0);
    a_.fix(x.back());
    set(0, x);
  }
  /// Rows of a weight that this node uses, which make what it gives out.
  std::vector<Atom> rows_of(std::size_t weight);
  AxisAtoms reads(std::size_t weight, int axis) {
    return {a_.weight_axis(node_.weights[weight].name, axis, true)};
  }
  void own(const std::vector<Atom>& atoms, int rank, UnitKind kind) {
    for (const Atom atom : atoms) a_.owners.push_back({atom, rank, node_.name, kind});
  }
  AxisAtoms rows_between(const AxisAtoms& axis, std::int64_t begin, std::int64_t end);
  /// Inputs and outputs of a group go together.
  void tie_groups(const Conv& op, const AxisAtoms& x, const std::vector<Atom>& made);
  void broadcast();
  /// Unit j of a direction: its rows of all gates, its column of the recurrent weight, its place in
  /// the state and in what comes next.
  std::vector<Atom> units_of(std::size_t weight, std::int64_t gates);
  template <class O>
  void recurrent(const O& op, std::int64_t gates);

  UnitAtoms& a_;
  const Graph& graph_;
  const Node& node_;
  std::vector<ValueAtoms>& values_;
};

inline std::vector<Atom> part_of(const std::vector<Atom>& atoms, std::int64_t begin,
                                 std::int64_t end) {
  return {atoms.begin() + begin, atoms.begin() + end};
}

}  // namespace nest::graph
