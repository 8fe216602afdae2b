#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nest/graph/units.h"

namespace nest::graph {

/// One place in an axis of a weight or a value. Atoms that must stay or go together are one class.
using Atom = std::int32_t;

/// Classes of atoms (union-find), and what is known of each class.
class AtomClasses {
 public:
  std::vector<Atom> add(std::int64_t count);
  Atom find(Atom atom) const;
  void merge(Atom a, Atom b);
  /// Its length may not change.
  void fix(Atom atom) { is_fixed_[at(find(atom))] = true; }
  bool is_fixed(Atom atom) const { return is_fixed_[at(find(atom))]; }
  /// Taking it out is more than having it at zero.
  void make_inexact(Atom atom) { is_inexact_[at(find(atom))] = true; }
  bool is_exact(Atom atom) const { return !is_inexact_[at(find(atom))]; }

 private:
  static std::size_t at(Atom atom) { return static_cast<std::size_t>(atom); }
  mutable std::vector<Atom> parent_;
  std::vector<bool> is_fixed_;
  std::vector<bool> is_inexact_;
};

/// The atoms of one axis of a value; none: its length is fixed or symbolic.
///
/// A recurrent state [layers * directions, B, H] has other units in every row of axis `by_axis`:
/// atoms row by row.
struct AxisAtoms {
  std::vector<Atom> atoms;
  std::int64_t rows = 1;
  int by_axis = -1;

  bool empty() const { return atoms.empty(); }
  std::int64_t length() const { return static_cast<std::int64_t>(atoms.size()) / rows; }
  AxisAtoms row(std::int64_t index) const;
};
using ValueAtoms = std::vector<AxisAtoms>;  ///< by axis

/// An axis of a weight whose places are units of something.
struct WeightAxis {
  std::string weight;
  int axis = 0;
  bool is_reader = false;
  std::vector<Atom> atoms;
};

/// Who makes a class, for its name; the highest rank counts, then the first.
struct AtomOwner {
  Atom atom;
  int rank;
  std::string name;
  UnitKind kind;
};

/// Vectors of atoms that must keep equal lengths.
struct EqualParts {
  std::vector<std::string> names;
  std::vector<std::vector<Atom>> parts;
};

/// Which axes of which weights and values of a model are tied to each other.
class UnitAtoms {
 public:
  explicit UnitAtoms(const Model& model);

  AtomClasses classes;
  std::vector<AtomOwner> owners;
  std::vector<EqualParts> equal;

  const std::vector<WeightAxis>& weight_axes() const { return weight_axes_; }
  /// Atoms of an axis of a weight, null if nothing is tied to it.
  const std::vector<Atom>* find_weight_axis(const std::string& weight, int axis) const;
  const ValueAtoms& value(const std::string& graph, ValueId id) const {
    return values_.at(graph).at(static_cast<std::size_t>(id));
  }

  // --- for the rules of the node kinds ----------------------------------------------------------
  const std::vector<Atom>& weight_axis(const std::string& weight, int axis, bool is_reader);
  void merge(const std::vector<Atom>& a, const std::vector<Atom>& b);
  /// Ties two axes place by place; fixes one if the other has no atoms.
  void merge(const AxisAtoms& a, const AxisAtoms& b);
  void merge_all(const std::vector<Atom>& atoms);
  void fix(const AxisAtoms& axis);
  /// Rows tied to each other, so that one is as good as the rest.
  AxisAtoms plain(const AxisAtoms& axis);

 private:
  void add_inputs(const Graph& graph, std::vector<ValueAtoms>& values);
  void tie_ports(const Model& model);

  std::map<std::string, Shape> weight_shapes_;
  std::vector<WeightAxis> weight_axes_;
  std::map<std::pair<std::string, int>, std::size_t> index_;
  std::map<std::string, std::vector<ValueAtoms>, std::less<>> values_;
};

/// Ties what a node ties and sets the atoms of its outputs (unit_rules.cc).
void add_rules(UnitAtoms& atoms, const Graph& graph, const Node& node,
               std::vector<ValueAtoms>& values);

/// A group with the classes behind its units.
struct FoundGroup {
  UnitGroup group;
  std::vector<std::vector<Atom>> classes;  ///< by part and unit
};
std::vector<FoundGroup> find_groups(UnitAtoms& atoms);

}  // namespace nest::graph
