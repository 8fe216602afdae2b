#include "unit_atoms.h"

#include "nest/core/error.h"

namespace nest::graph {

std::vector<Atom> AtomClasses::add(std::int64_t count) {
  std::vector<Atom> made;
  for (std::int64_t i = 0; i < count; ++i) {
    made.push_back(static_cast<Atom>(parent_.size()));
    parent_.push_back(made.back());
  }
  is_fixed_.resize(parent_.size(), false);
  is_inexact_.resize(parent_.size(), false);
  return made;
}

Atom AtomClasses::find(Atom atom) const {
  while (parent_[at(atom)] != atom) {
    parent_[at(atom)] = parent_[at(parent_[at(atom)])];
    atom = parent_[at(atom)];
  }
  return atom;
}

void AtomClasses::merge(Atom a, Atom b) {
  a = find(a);
  b = find(b);
  if (a == b) return;
  const Atom first = std::min(a, b), second = std::max(a, b);
  parent_[at(second)] = first;
  is_fixed_[at(first)] = is_fixed_[at(first)] || is_fixed_[at(second)];
  is_inexact_[at(first)] = is_inexact_[at(first)] || is_inexact_[at(second)];
}

AxisAtoms AxisAtoms::row(std::int64_t index) const {
  const auto begin = atoms.begin() + index * length();
  return {{begin, begin + length()}, 1, -1};
}

const std::vector<Atom>* UnitAtoms::find_weight_axis(const std::string& weight, int axis) const {
  const auto found = index_.find({weight, axis});
  return found == index_.end() ? nullptr : &weight_axes_[found->second].atoms;
}

const std::vector<Atom>& UnitAtoms::weight_axis(const std::string& weight, int axis,
                                                bool is_reader) {
  const auto [entry, is_new] = index_.try_emplace({weight, axis}, weight_axes_.size());
  if (is_new) {
    const std::int64_t length = weight_shapes_.at(weight).at(static_cast<std::size_t>(axis));
    weight_axes_.push_back({weight, axis, is_reader, classes.add(length)});
  }
  return weight_axes_[entry->second].atoms;
}

void UnitAtoms::merge(const std::vector<Atom>& a, const std::vector<Atom>& b) {
  require(a.size() == b.size(), ErrorCode::kInternal, "axes of {} and {} places are one", a.size(),
          b.size());
  for (std::size_t i = 0; i < a.size(); ++i) classes.merge(a[i], b[i]);
}

void UnitAtoms::merge(const AxisAtoms& a, const AxisAtoms& b) {
  if (a.empty() || b.empty()) {
    fix(a);
    fix(b);
  } else if (a.rows == b.rows) {
    merge(a.atoms, b.atoms);
  } else {
    merge(plain(a).atoms, plain(b).atoms);
  }
}

void UnitAtoms::merge_all(const std::vector<Atom>& atoms) {
  for (const Atom atom : atoms) classes.merge(atoms.front(), atom);
}

void UnitAtoms::fix(const AxisAtoms& axis) {
  for (const Atom atom : axis.atoms) classes.fix(atom);
}

AxisAtoms UnitAtoms::plain(const AxisAtoms& axis) {
  if (axis.empty()) return axis;
  for (std::int64_t row = 1; row < axis.rows; ++row) {
    merge(axis.row(0).atoms, axis.row(row).atoms);
  }
  return axis.row(0);
}

void UnitAtoms::add_inputs(const Graph& graph, std::vector<ValueAtoms>& values) {
  for (const Port& port : graph.inputs) {
    const DimShape& shape = graph.value(port.value).shape;
    ValueAtoms& axes = values[static_cast<std::size_t>(port.value)];
    axes.resize(shape.size());
    const bool has_rows = shape.size() == 3 && shape[0].is_constant() && shape[2].is_constant();
    const std::int64_t rows = has_rows ? shape[0].constant() : 1;
    for (std::size_t axis = has_rows ? 1 : 0; axis < shape.size(); ++axis) {
      if (!shape[axis].is_constant()) continue;
      const bool by_row = has_rows && axis == 2;
      axes[axis] = {classes.add(shape[axis].constant() * (by_row ? rows : 1)), by_row ? rows : 1,
                    by_row ? 0 : -1};
    }
  }
}

namespace {

/// Outputs whose width is not the model's own affair.
bool is_interface(const Model& model, const Port& port) {
  if (!port.feeds.empty()) return false;
  return model.family == Family::kBlock || port.name == "log_probs" || port.name == "logits";
}

}  // namespace

/// A port's name stands for one thing in all graphs; what a state feeds is the same as itself.
void UnitAtoms::tie_ports(const Model& model) {
  std::map<std::string, const ValueAtoms*, std::less<>> known;
  const auto tie = [&](const std::string& name, const ValueAtoms& axes) {
    const auto [entry, is_new] = known.try_emplace(name, &axes);
    if (is_new) return;
    const ValueAtoms& other = *entry->second;
    for (std::size_t axis = 0; axis < std::max(axes.size(), other.size()); ++axis) {
      const bool is_same =
          axis < axes.size() && axis < other.size() && axes[axis].length() == other[axis].length();
      if (is_same) {
        merge(axes[axis], other[axis]);
      } else {
        if (axis < axes.size()) fix(axes[axis]);
        if (axis < other.size()) fix(other[axis]);
      }
    }
  };
  for (const auto& [name, graph] : model.graphs) {
    for (const Port& port : graph.inputs) tie(port.name, value(name, port.value));
    for (const Port& port : graph.outputs) {
      const ValueAtoms& axes = value(name, port.value);
      tie(port.name, axes);
      if (!port.feeds.empty()) tie(port.feeds, axes);
      for (const AxisAtoms& axis : axes) {
        if (is_interface(model, port)) fix(axis);
      }
    }
  }
}

UnitAtoms::UnitAtoms(const Model& model) {
  for (const auto& [name, graph] : model.graphs) {
    for (const WeightInfo& info : weight_infos(graph)) {
      Shape& shape = weight_shapes_.try_emplace(info.name, info.shape).first->second;
      if (!shape.empty()) shape[0] = std::max(shape[0], info.shape[0]);  // other rows elsewhere
    }
  }
  for (const auto& [name, graph] : model.graphs) {
    std::vector<ValueAtoms>& values = values_[name];
    values.resize(graph.values.size());
    add_inputs(graph, values);
    for (const Node& node : graph.nodes) {
      with_context(fmt::format("graph '{}': node '{}'", name, node.name),
                   [&] { add_rules(*this, graph, node, values); });
    }
  }
  tie_ports(model);
}

}  // namespace nest::graph
