#include "unit_rules.h"

/// Kinds with weights.
namespace nest::graph {

namespace {

constexpr int kRankProducer = 1, kRankHidden = 2, kRankHead = 3;

}  // namespace

void add_rules(UnitAtoms& atoms, const Graph& graph, const Node& node,
               std::vector<ValueAtoms>& values) {
  std::visit(UnitRules(atoms, graph, node, values), node.op);
}

void UnitRules::operator()(const Conv& op) {
  ValueAtoms x = plain_input(0);
  const std::vector<Atom> made = rows_of(0);
  if (op.has_bias) a_.merge(rows_of(1), made);
  if (op.groups == 1) {
    a_.merge(x[1], reads(0, 1));
  } else {
    tie_groups(op, x[1], made);
  }
  x[1] = {made};
  if (op.is_2d && op.kernel_s > 1) drop(x[2]);
  drop(x.back());
  own(made, kRankProducer, UnitKind::kChannel);
  set(0, x);
}

void UnitRules::operator()(const BatchNorm&) {
  const ValueAtoms x = plain_input(0);
  for (std::size_t i = 0; i < 4; ++i) a_.merge(x[1], {rows_of(i)});
  set(0, x);
}

void UnitRules::operator()(const Linear& op) {
  ValueAtoms x = plain_input(0);
  a_.merge(x.back(), reads(0, 1));
  x.back() = {rows_of(0)};
  if (op.has_bias) a_.merge(rows_of(1), x.back().atoms);
  own(x.back().atoms, kRankProducer, UnitKind::kFeature);
  set(0, x);
}

void UnitRules::operator()(const Attention& op) {
  const ValueAtoms q = plain_input(0), k = plain_input(1), v = plain_input(2);
  a_.merge(q[2], k[2]);
  a_.merge(k[2], v[2]);
  const std::int64_t width = op.embed_dim / op.num_heads;
  AxisAtoms heads;
  for (std::int64_t h = 0; h < op.num_heads && !q[2].empty(); ++h) {
    a_.merge_all(part_of(q[2].atoms, h * width, (h + 1) * width));
    heads.atoms.push_back(q[2].atoms[static_cast<std::size_t>(h * width)]);
  }
  own(q[2].atoms, kRankHead, UnitKind::kHead);
  set(0, {q[0], q[1], v[2]});
  set(1, {{}, op.kind == Attention::Kind::kLinear ? AxisAtoms{} : heads, {}, {}});
}

void UnitRules::operator()(const AdditiveAttention&) {
  const ValueAtoms q = plain_input(0), k = plain_input(1), v = plain_input(2);
  const AxisAtoms energy = reads(0, 1);
  a_.merge(q[2], energy);
  a_.merge(k[2], energy);
  if (const ValueAtoms location = plain_input(3); !location.empty()) {
    a_.merge(location[3], energy);
  }
  own(energy.atoms, kRankHidden, UnitKind::kHidden);
  set(0, {q[0], q[1], v[2]});
  set(1, {{}, {}, {}});
}

void UnitRules::operator()(const LocationFeatures&) {
  ValueAtoms x = plain_input(0);
  x.push_back({rows_of(0)});
  a_.merge(rows_of(1), x.back().atoms);
  own(x.back().atoms, kRankProducer, UnitKind::kChannel);
  set(0, x);
}

void UnitRules::operator()(const LayerNorm&) {
  const ValueAtoms x = plain_input(0);
  a_.merge(x.back(), {rows_of(0)});
  a_.merge(x.back(), {rows_of(1)});
  for (const Atom atom : x.back().atoms) a_.classes.make_inexact(atom);
  set(0, x);
}

void UnitRules::operator()(const Embedding&) {
  ValueAtoms x = plain_input(0);
  x.push_back({a_.weight_axis(node_.weights[0].name, 1, false)});
  own(x.back().atoms, kRankProducer, UnitKind::kFeature);
  set(0, x);
}

void UnitRules::operator()(const PositionalEncoding&) {
  const ValueAtoms x = plain_input(0);
  a_.merge(x.back(), {a_.weight_axis(node_.weights[0].name, 2, false)});
  set(0, x);
}

const ValueAtoms& UnitRules::input(std::size_t i) const {
  static const ValueAtoms kAbsent;
  if (i >= node_.inputs.size() || node_.inputs[i] == kNoValue) return kAbsent;
  return values_[static_cast<std::size_t>(node_.inputs[i])];
}

ValueAtoms UnitRules::plain_input(std::size_t i) {
  ValueAtoms axes = input(i);
  for (AxisAtoms& axis : axes) axis = a_.plain(axis);
  return axes;
}

std::vector<Atom> UnitRules::rows_of(std::size_t weight) {
  const WeightRef& ref = node_.weights[weight];
  const std::vector<Atom>& all = a_.weight_axis(ref.name, 0, false);
  return ref.row_end == 0 ? all : part_of(all, ref.row_begin, ref.row_end);
}

void UnitRules::tie_groups(const Conv& op, const AxisAtoms& x, const std::vector<Atom>& made) {
  const std::int64_t ins = op.in_channels / op.groups, outs = op.out_channels / op.groups;
  for (std::int64_t g = 0; g < op.groups; ++g) {
    std::vector<Atom> tied = part_of(made, g * outs, (g + 1) * outs);
    if (!x.empty()) {
      tied.insert(tied.end(), x.atoms.begin() + g * ins, x.atoms.begin() + (g + 1) * ins);
    } else {
      a_.classes.fix(tied.front());
    }
    a_.merge_all(tied);
  }
}

std::vector<Atom> UnitRules::units_of(std::size_t weight, std::int64_t gates) {
  const std::vector<Atom> units = a_.weight_axis(node_.weights[weight + 1].name, 1, true);
  const auto hidden = static_cast<std::int64_t>(units.size());
  for (std::size_t i = 0; i < 4; ++i) {
    const std::vector<Atom> rows = rows_of(weight + i);
    for (std::int64_t gate = 0; gate < gates; ++gate) {
      a_.merge(part_of(rows, gate * hidden, (gate + 1) * hidden), units);
    }
  }
  own(units, kRankHidden, UnitKind::kHidden);
  return units;
}

template <class O>
void UnitRules::recurrent(const O& op, std::int64_t gates) {
  const std::size_t directions = op.bidirectional ? 2 : 1;
  ValueAtoms x = plain_input(0);
  EqualParts parts;
  AxisAtoms state{{}, op.num_layers * static_cast<std::int64_t>(directions), 0};
  for (std::int64_t layer = 0; layer < op.num_layers; ++layer) {
    AxisAtoms y;
    for (std::size_t d = 0; d < directions; ++d) {
      const std::size_t weight = 4 * (static_cast<std::size_t>(layer) * directions + d);
      a_.merge(x[2], reads(weight, 1));
      const std::vector<Atom> units = units_of(weight, gates);
      y.atoms.insert(y.atoms.end(), units.begin(), units.end());
      state.atoms.insert(state.atoms.end(), units.begin(), units.end());
      parts.names.push_back(fmt::format("l{}{}", layer, d == 1 ? "r" : ""));
      parts.parts.push_back(units);
    }
    x[2] = y;
  }
  a_.equal.push_back(std::move(parts));
  set(0, x);
  const ValueAtoms states{{}, {}, state};
  for (std::size_t i = 1; i < node_.outputs.size(); ++i) {
    if (const ValueAtoms given = input(i); !given.empty()) a_.merge(given[2], state);
    set(i, states);
  }
}

void UnitRules::operator()(const Lstm& op) {
  recurrent(op, 4);
}

void UnitRules::operator()(const Gru& op) {
  recurrent(op, 3);
}

}  // namespace nest::graph
