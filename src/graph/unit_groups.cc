#include <algorithm>
#include <numeric>
#include <set>

#include "nest/core/error.h"
#include "unit_atoms.h"

namespace nest::graph {

namespace {

/// A place in an axis of a weight.
struct Place {
  std::size_t axis;
  std::int64_t index;
};

/// Classes with places in the same axes, as many in each: the units of one part.
struct Alike {
  std::vector<Atom> classes;  ///< in the order of their first places
  std::string name = {};      ///< of the part, if recurrent
  std::size_t order = 0;      ///< among the parts
};

/// Classes sorted by where they lie in the weights.
class Grouping {
 public:
  explicit Grouping(const UnitAtoms& atoms) : atoms_(atoms) {
    const std::vector<WeightAxis>& axes = atoms.weight_axes();
    std::vector<Atom> order;
    for (std::size_t axis = 0; axis < axes.size(); ++axis) {
      for (std::size_t i = 0; i < axes[axis].atoms.size(); ++i) {
        const Atom root = atoms.classes.find(axes[axis].atoms[i]);
        const auto [entry, is_new] = places_.try_emplace(root);
        if (is_new) order.push_back(root);
        entry->second.push_back({axis, static_cast<std::int64_t>(i)});
      }
    }
    std::map<std::string, std::size_t> known;
    for (const Atom root : order) {
      const auto [entry, is_new] = known.try_emplace(signature(root), alike_.size());
      if (is_new) alike_.emplace_back();
      alike_[entry->second].classes.push_back(root);
      alike_of_[root] = entry->second;
    }
  }

  std::vector<Alike>& alike() { return alike_; }
  std::size_t alike_of(Atom atom) const { return alike_of_.at(atoms_.classes.find(atom)); }
  const std::vector<Place>& places(Atom root) const { return places_.at(root); }

  /// The units of a part are all those of one kind of class, and different ones.
  bool holds(const std::vector<Atom>& part) const {
    std::set<Atom> roots;
    for (const Atom atom : part) {
      roots.insert(atoms_.classes.find(atom));
      if (alike_of(atom) != alike_of(part.front())) return false;
    }
    return roots.size() == part.size() &&
           alike_[alike_of(part.front())].classes.size() == part.size();
  }

 private:
  std::string signature(Atom root) const {
    std::map<std::size_t, int> counts;
    for (const Place& place : places_.at(root)) ++counts[place.axis];
    std::string text;
    for (const auto& [axis, count] : counts) text += fmt::format("{}x{} ", axis, count);
    return text;
  }

  const UnitAtoms& atoms_;
  std::map<Atom, std::vector<Place>> places_;
  std::map<Atom, std::size_t> alike_of_;
  std::vector<Alike> alike_;
};

bool are_tied(const AtomClasses& classes, const EqualParts& equal) {
  for (const std::vector<Atom>& part : equal.parts) {
    for (std::size_t i = 0; i < part.size(); ++i) {
      if (classes.find(part[i]) != classes.find(equal.parts.front()[i])) return false;
    }
  }
  return true;
}

/// Parts that cannot be free of each other are tied unit by unit; true if that changed something.
bool tie_unequal(UnitAtoms& atoms) {
  const Grouping grouping(atoms);
  bool has_changed = false;
  for (const EqualParts& equal : atoms.equal) {
    if (are_tied(atoms.classes, equal)) continue;
    bool is_fixed = false, is_free = true;
    for (const std::vector<Atom>& part : equal.parts) {
      for (const Atom atom : part) is_fixed = is_fixed || atoms.classes.is_fixed(atom);
      is_free = is_free && grouping.holds(part);
    }
    if (is_free && !is_fixed) continue;
    for (const std::vector<Atom>& part : equal.parts) {
      atoms.merge(equal.parts.front(), part);
      for (const Atom atom : part) {
        if (is_fixed) atoms.classes.fix(atom);
      }
    }
    has_changed = true;
    if (!is_fixed) break;  // classes are others now
  }
  return has_changed;
}

class Builder {
 public:
  explicit Builder(const UnitAtoms& atoms)
      : atoms_(atoms), grouping_(atoms), linked_(grouping_.alike().size()) {
    std::iota(linked_.begin(), linked_.end(), std::size_t{0});
    for (const EqualParts& equal : atoms.equal) {
      if (are_tied(atoms.classes, equal)) continue;
      const std::size_t first = root(grouping_.alike_of(equal.parts.front().front()));
      for (std::size_t p = 0; p < equal.parts.size(); ++p) {
        const std::size_t alike = grouping_.alike_of(equal.parts[p].front());
        grouping_.alike()[alike].name = equal.names[p];
        grouping_.alike()[alike].order = p;
        linked_[root(alike)] = first;
      }
    }
    for (const AtomOwner& owner : atoms.owners) {
      const auto [entry, is_new] = owners_.try_emplace(atoms.classes.find(owner.atom), &owner);
      if (!is_new && owner.rank > entry->second->rank) entry->second = &owner;
    }
  }

  std::vector<FoundGroup> build() {
    std::set<std::size_t> refused;
    std::map<std::size_t, std::vector<const Alike*>> parts;
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < linked_.size(); ++i) {
      const Alike& alike = grouping_.alike()[i];
      if (!is_removable(alike)) refused.insert(root(i));
      if (parts[root(i)].empty()) order.push_back(root(i));
      parts[root(i)].push_back(&alike);
    }
    std::vector<FoundGroup> found;
    for (const std::size_t i : order) {
      if (refused.contains(i)) continue;
      std::stable_sort(parts[i].begin(), parts[i].end(),
                       [](const Alike* a, const Alike* b) { return a->order < b->order; });
      found.push_back(new_group(*parts[i].front()));
      for (const Alike* alike : parts[i]) add_part(found.back(), *alike);
    }
    return found;
  }

 private:
  std::size_t root(std::size_t alike) const {
    while (linked_[alike] != alike) alike = linked_[alike];
    return alike;
  }

  bool is_removable(const Alike& alike) const {
    bool is_made = false, is_read = false;
    for (const Place& place : grouping_.places(alike.classes.front())) {
      const bool is_reader = atoms_.weight_axes()[place.axis].is_reader;
      (is_reader ? is_read : is_made) = true;
    }
    return is_made && is_read && alike.classes.size() > 1 &&
           std::none_of(alike.classes.begin(), alike.classes.end(), [&](Atom root) {
             return atoms_.classes.is_fixed(root) || !owners_.contains(root);
           });
  }

  FoundGroup new_group(const Alike& alike) {
    const AtomOwner& owner = *owners_.at(alike.classes.front());
    FoundGroup made;
    made.group.name = owner.name;
    for (int number = 2; !names_.insert(made.group.name).second; ++number) {
      made.group.name = fmt::format("{}#{}", owner.name, number);
    }
    made.group.kind = owner.kind;
    made.group.count = static_cast<std::int64_t>(alike.classes.size());
    return made;
  }

  void add_part(FoundGroup& found, const Alike& alike) {
    UnitPart part{alike.name, {}};
    for (std::size_t unit = 0; unit < alike.classes.size(); ++unit) {
      found.group.is_exact = found.group.is_exact && atoms_.classes.is_exact(alike.classes[unit]);
      for (const Place& place : grouping_.places(alike.classes[unit])) {
        slice_of(part, place.axis, alike.classes.size()).indices[unit].push_back(place.index);
      }
    }
    found.group.parts.push_back(std::move(part));
    found.classes.push_back(alike.classes);
  }
  UnitSlice& slice_of(UnitPart& part, std::size_t axis, std::size_t units) const {
    const WeightAxis& place = atoms_.weight_axes()[axis];
    for (UnitSlice& slice : part.slices) {
      if (slice.weight == place.weight && slice.axis == place.axis) return slice;
    }
    part.slices.push_back({place.weight, place.axis, place.is_reader, {}});
    part.slices.back().indices.resize(units);
    return part.slices.back();
  }

  const UnitAtoms& atoms_;
  Grouping grouping_;
  std::vector<std::size_t> linked_;
  std::map<Atom, const AtomOwner*> owners_;
  std::set<std::string> names_;
};

}  // namespace

std::vector<FoundGroup> find_groups(UnitAtoms& atoms) {
  while (tie_unequal(atoms)) {
  }
  return Builder(atoms).build();
}

std::vector<UnitGroup> unit_groups(const Model& model) {
  UnitAtoms atoms(model);
  std::vector<UnitGroup> groups;
  for (FoundGroup& found : find_groups(atoms)) groups.push_back(std::move(found.group));
  return groups;
}

EnumTable enum_table(UnitKind /*of*/) {
  static constexpr EnumName kNames[] = {{UnitKind::kChannel, "channel"},
                                        {UnitKind::kFeature, "feature"},
                                        {UnitKind::kHidden, "hidden"},
                                        {UnitKind::kHead, "head"}};
  return {"kind of unit", kNames};
}

}  // namespace nest::graph
