#include <algorithm>
#include <cstring>
#include <set>

#include "infer.h"
#include "nest/core/error.h"
#include "unit_atoms.h"

namespace nest::graph {

namespace {

/// Errors: InvalidArgument naming the part.
void check_choice(const UnitGroup& group, const UnitChoice& keep) {
  require(keep.size() == group.parts.size(), ErrorCode::kInvalidArgument,
          "units of '{}' to keep are given for {} parts, it has {}", group.name, keep.size(),
          group.parts.size());
  for (std::size_t p = 0; p < keep.size(); ++p) {
    const std::string part = group.parts[p].name.empty() ? "" : " of part " + group.parts[p].name;
    const std::vector<std::int64_t>& units = keep[p];
    require(!units.empty(), ErrorCode::kInvalidArgument, "no unit{} of '{}' would be left", part,
            group.name);
    require(units.size() == keep.front().size(), ErrorCode::kInvalidArgument,
            "{} units{} of '{}' would be left, but {} of part {}; all parts keep equally many",
            units.size(), part, group.name, keep.front().size(), group.parts.front().name);
    const bool is_ascending =
        std::adjacent_find(units.begin(), units.end(), std::greater_equal<>()) == units.end();
    require(is_ascending && units.front() >= 0 && units.back() < group.count,
            ErrorCode::kInvalidArgument, "units to keep{} of '{}' must ascend within [0, {})", part,
            group.name, group.count);
  }
}

/// What is left of a model's axes once some classes are gone.
class Remainder {
 public:
  Remainder(const UnitAtoms& atoms, std::set<Atom> removed)
      : atoms_(atoms), removed_(std::move(removed)) {}

  bool is_left(Atom atom) const { return !removed_.contains(atoms_.classes.find(atom)); }
  std::int64_t count(const std::vector<Atom>& atoms, std::int64_t begin, std::int64_t end) const {
    return std::count_if(atoms.begin() + begin, atoms.begin() + end,
                         [&](Atom atom) { return is_left(atom); });
  }
  /// Length of an axis of a value; of every row the same.
  std::int64_t length(const AxisAtoms& axis) const { return count(axis.atoms, 0, axis.length()); }
  /// Places left in an axis of a weight; null if all are.
  std::optional<std::vector<std::int64_t>> places(const std::string& weight, int axis) const {
    const std::vector<Atom>* atoms = atoms_.find_weight_axis(weight, axis);
    if (atoms == nullptr) return std::nullopt;
    std::vector<std::int64_t> left;
    for (std::size_t i = 0; i < atoms->size(); ++i) {
      if (is_left((*atoms)[i])) left.push_back(static_cast<std::int64_t>(i));
    }
    return left.size() == atoms->size() ? std::nullopt : std::optional(std::move(left));
  }
  const UnitAtoms& atoms() const { return atoms_; }

 private:
  const UnitAtoms& atoms_;
  std::set<Atom> removed_;
};

/// A node's attributes for what is left: a new kind says here which of them are lengths.
struct Shrink {
  const Remainder& left;
  const std::string& name;  ///< of the graph
  const Graph& graph;
  const Node& node;

  /// Of an axis of an input (output: `outputs`); negative axes count from the end.
  std::int64_t length(ValueId id, int axis) const {
    const DimShape& shape = graph.value(id).shape;
    const auto at = static_cast<std::size_t>(normalize_axis(axis, shape.size()));
    const AxisAtoms& atoms = left.atoms().value(name, id).at(at);
    return atoms.empty() ? shape[at].constant() : left.length(atoms);
  }
  std::int64_t in(std::size_t i, int axis) const { return length(node.inputs[i], axis); }
  std::int64_t out(std::size_t i, int axis) const { return length(node.outputs[i], axis); }

  void operator()(Conv& op) const {
    const std::int64_t each = op.in_channels / op.groups;
    op.in_channels = in(0, 1);
    op.out_channels = out(0, 1);
    if (op.groups > 1) op.groups = op.in_channels / each;
  }
  void operator()(BatchNorm& op) const { op.channels = in(0, 1); }
  void operator()(Pool& op) const {
    const AxisAtoms& axis = left.atoms().value(name, node.inputs[0]).back();
    if (axis.length() == op.kernel) op.kernel = op.stride = left.length(axis);
  }
  void operator()(Activate&) const {}
  void operator()(Glu&) const {}
  void operator()(Dropout&) const {}
  void operator()(Linear& op) const {
    op.in_features = in(0, -1);
    op.out_features = out(0, -1);
  }
  void operator()(Lstm& op) const { recurrent(op); }
  void operator()(Gru& op) const { recurrent(op); }
  template <class O>
  void recurrent(O& op) const {
    op.input_size = in(0, 2);
    op.hidden_size = out(1, 2);
  }
  void operator()(Attention& op) const {
    const std::int64_t width = op.embed_dim / op.num_heads;
    op.embed_dim = in(0, 2);
    op.num_heads = op.embed_dim / width;
  }
  void operator()(AdditiveAttention& op) const { op.hidden = in(0, 2); }
  void operator()(LocationFeatures& op) const { op.filters = out(0, 3); }
  void operator()(LayerNorm& op) const { op.features = in(0, -1); }
  void operator()(Embedding& op) const { op.features = out(0, 2); }
  void operator()(CountFrames&) const {}
  void operator()(PositionalEncoding& op) const { op.features = in(0, 2); }
  void operator()(Add&) const {}
  void operator()(Mul&) const {}
  void operator()(Scale&) const {}
  void operator()(Concat&) const {}
  void operator()(Permute&) const {}
  void operator()(Unsqueeze&) const {}
  void operator()(Squeeze&) const {}
  void operator()(Slice& op) const {
    const ValueAtoms& x = left.atoms().value(name, node.inputs[0]);
    const AxisAtoms& axis = x.at(static_cast<std::size_t>(normalize_axis(op.axis, x.size())));
    if (axis.empty()) return;
    const std::int64_t n = axis.length();
    op.begin = op.begin < 0 ? -left.count(axis.atoms, n + op.begin, n)
                            : left.count(axis.atoms, 0, op.begin);
    op.end =
        op.end <= 0 ? -left.count(axis.atoms, n + op.end, n) : left.count(axis.atoms, 0, op.end);
  }
  void operator()(LogSoftmax&) const {}
  void operator()(Softmax&) const {}
};

/// The graph with shorter axes: attributes, weight rows, and shapes inferred anew.
Graph shrunk(const Remainder& left, const std::string& name, const Graph& graph) {
  Graph made = graph;
  for (const Port& port : graph.inputs) {
    DimShape& shape = made.values[static_cast<std::size_t>(port.value)].shape;
    const ValueAtoms& axes = left.atoms().value(name, port.value);
    for (std::size_t axis = 0; axis < axes.size(); ++axis) {
      if (!axes[axis].empty()) shape[axis] = left.length(axes[axis]);
    }
  }
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    Node& node = made.nodes[n];
    std::visit(Shrink{left, name, graph, graph.nodes[n]}, node.op);
    for (WeightRef& weight : node.weights) {
      const std::vector<Atom>* rows = left.atoms().find_weight_axis(weight.name, 0);
      if (weight.row_end == 0 || rows == nullptr) continue;
      const std::int64_t begin = left.count(*rows, 0, weight.row_begin);
      weight.row_end = begin + left.count(*rows, weight.row_begin, weight.row_end);
      weight.row_begin = begin;
    }
    std::vector<const Value*> inputs;
    for (const ValueId id : node.inputs)
      inputs.push_back(id == kNoValue ? nullptr : &made.value(id));
    const std::vector<Inferred> outputs =
        with_context(fmt::format("node '{}'", node.name), [&] { return infer(node.op, inputs); });
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      made.values[static_cast<std::size_t>(node.outputs[i])].shape = outputs[i].shape;
    }
  }
  return made;
}

/// Blocks of equal size behind an axis.
struct AxisView {
  std::size_t outer = 1, length = 1, bytes = 1;
  AxisView(const Tensor& tensor, int axis) : bytes(size_of(tensor.dtype())) {
    for (std::size_t i = 0; i < tensor.rank(); ++i) {
      const auto dim = static_cast<std::size_t>(tensor.shape()[i]);
      (static_cast<int>(i) < axis ? outer : static_cast<int>(i) == axis ? length : bytes) *= dim;
    }
  }
};

Tensor gathered(const Tensor& tensor, int axis, const std::vector<std::int64_t>& places) {
  Shape shape = tensor.shape();
  shape[static_cast<std::size_t>(axis)] = static_cast<std::int64_t>(places.size());
  Tensor made(tensor.dtype(), shape);
  const AxisView view(tensor, axis);
  const auto* from = static_cast<const std::byte*>(tensor.raw());
  auto* to = static_cast<std::byte*>(made.mutable_raw());
  for (std::size_t o = 0; o < view.outer; ++o) {
    for (const std::int64_t place : places) {
      const std::size_t at = o * view.length + static_cast<std::size_t>(place);
      std::memcpy(to, from + at * view.bytes, view.bytes);
      to += view.bytes;
    }
  }
  return made;
}

void shrink_weights(const Remainder& left, TensorMap& weights) {
  for (auto& [name, tensor] : weights) {
    for (int axis = 0; axis < static_cast<int>(tensor.rank()); ++axis) {
      if (const auto places = left.places(name, axis)) tensor = gathered(tensor, axis, *places);
    }
  }
}

}  // namespace

void remove_units(Model& model, const UnitGroup& group, const UnitChoice& keep) {
  UnitAtoms atoms(model);
  const std::vector<FoundGroup> all = find_groups(atoms);
  const auto found = std::find_if(all.begin(), all.end(), [&](const FoundGroup& other) {
    return other.group.name == group.name && other.group.count == group.count &&
           other.group.parts.size() == group.parts.size();
  });
  require(found != all.end(), ErrorCode::kNotFound,
          "model '{}' has no group '{}' of {} units now; ask unit_groups() again", model.name,
          group.name, group.count);
  check_choice(found->group, keep);
  std::set<Atom> removed;
  for (std::size_t p = 0; p < keep.size(); ++p) {
    removed.insert(found->classes[p].begin(), found->classes[p].end());
    for (const std::int64_t unit : keep[p]) {
      removed.erase(found->classes[p][static_cast<std::size_t>(unit)]);
    }
  }
  const Remainder left(atoms, std::move(removed));
  std::map<std::string, Graph, std::less<>> graphs;
  for (const auto& [name, graph] : model.graphs) {
    graphs.emplace(name, shrunk(left, name, graph));
    validate(graphs.find(name)->second);
  }
  model.graphs = std::move(graphs);
  shrink_weights(left, model.weights);
  shrink_weights(left, model.presets);
}

void mask_units(Model& model, const UnitGroup& group, const UnitChoice& keep) {
  check_choice(group, keep);
  for (std::size_t p = 0; p < keep.size(); ++p) {
    std::vector<bool> is_kept(static_cast<std::size_t>(group.count), false);
    for (const std::int64_t unit : keep[p]) is_kept[static_cast<std::size_t>(unit)] = true;
    for (const UnitSlice& slice : group.parts[p].slices) {
      if (is_buffer(slice.weight)) continue;
      const auto weight = model.weights.find(slice.weight);
      require(weight != model.weights.end(), ErrorCode::kNotFound, "weight '{}' is missing",
              slice.weight);
      Tensor masked = weight->second.clone();
      const AxisView view(masked, slice.axis);
      auto* data = static_cast<std::byte*>(masked.mutable_raw());
      for (std::size_t unit = 0; unit < slice.indices.size(); ++unit) {
        for (const std::int64_t place : slice.indices[unit]) {
          require(place < static_cast<std::int64_t>(view.length), ErrorCode::kInvalidArgument,
                  "weight '{}' {} has no place {} on axis {}; ask unit_groups() again",
                  slice.weight, to_string(masked.shape()), place, slice.axis);
          for (std::size_t o = 0; o < view.outer && !is_kept[unit]; ++o) {
            const std::size_t at = o * view.length + static_cast<std::size_t>(place);
            std::memset(data + at * view.bytes, 0, view.bytes);
          }
        }
      }
      weight->second = std::move(masked);
    }
  }
}

}  // namespace nest::graph
