#include "unit_rules.h"

/// Kinds that move or join values.
namespace nest::graph {

void UnitRules::operator()(const Pool& op) {
  ValueAtoms x = plain_input(0);
  AxisAtoms& last = x.back();
  const bool is_mean = op.kind == Pool::Kind::kMean;
  if (is_mean && last.length() == op.kernel) {
    for (const Atom atom : last.atoms) a_.classes.make_inexact(atom);
    last = {};
  } else {
    drop(last);
  }
  set(0, x);
}

void UnitRules::operator()(const Glu& op) {
  ValueAtoms x = plain_input(0);
  AxisAtoms& axis = x[axis_of(op.axis, x.size())];
  if (!axis.empty()) {
    const std::int64_t half = axis.length() / 2;
    a_.merge(part_of(axis.atoms, 0, half), part_of(axis.atoms, half, 2 * half));
    axis = {part_of(axis.atoms, 0, half)};
  }
  set(0, x);
}

void UnitRules::operator()(const Concat& op) {
  ValueAtoms x = plain_input(0);
  const std::size_t joined = axis_of(op.axis, x.size());
  for (std::size_t i = 1; i < node_.inputs.size(); ++i) {
    const ValueAtoms next = plain_input(i);
    for (std::size_t axis = 0; axis < x.size(); ++axis) {
      if (axis != joined) {
        a_.merge(x[axis], next[axis]);
      } else if (x[axis].empty() || next[axis].empty()) {
        drop(x[axis]);
        a_.fix(next[axis]);
      } else {
        const std::vector<Atom>& more = next[axis].atoms;
        x[axis].atoms.insert(x[axis].atoms.end(), more.begin(), more.end());
      }
    }
  }
  set(0, x);
}

void UnitRules::operator()(const Permute& op) {
  const ValueAtoms& x = input(0);
  ValueAtoms y;
  for (const int from : op.order) {
    y.push_back(x[static_cast<std::size_t>(from)]);
    for (std::size_t to = 0; to < op.order.size() && y.back().by_axis >= 0; ++to) {
      if (op.order[to] != x[static_cast<std::size_t>(from)].by_axis) continue;
      y.back().by_axis = static_cast<int>(to);
    }
  }
  set(0, y);
}

void UnitRules::operator()(const Unsqueeze& op) {
  ValueAtoms x = plain_input(0);
  x.insert(x.begin() + static_cast<std::ptrdiff_t>(axis_of(op.axis, x.size() + 1)), AxisAtoms{});
  set(0, x);
}

void UnitRules::operator()(const Squeeze& op) {
  ValueAtoms x = plain_input(0);
  const std::size_t axis = axis_of(op.axis, x.size());
  a_.fix(x[axis]);
  x.erase(x.begin() + static_cast<std::ptrdiff_t>(axis));
  set(0, x);
}

void UnitRules::operator()(const Slice& op) {
  ValueAtoms x = input(0);
  const std::size_t axis = axis_of(op.axis, x.size());
  const Dim& length = graph_.value(node_.inputs[0]).shape[axis];
  if (length.is_constant()) {
    const std::int64_t n = length.constant();
    const std::int64_t begin = op.begin < 0 ? n + op.begin : op.begin;
    const std::int64_t end = op.end <= 0 ? n + op.end : op.end;
    for (AxisAtoms& other : x) {
      if (other.by_axis == static_cast<int>(axis)) other = rows_between(other, begin, end);
    }
    if (!x[axis].empty()) {
      x[axis] = a_.plain(x[axis]);
      x[axis].atoms = part_of(x[axis].atoms, begin, end);
    }
  }
  set(0, x);
}

AxisAtoms UnitRules::rows_between(const AxisAtoms& axis, std::int64_t begin, std::int64_t end) {
  AxisAtoms kept = axis;
  kept.rows = end - begin;
  kept.atoms = part_of(axis.atoms, begin * axis.length(), end * axis.length());
  if (kept.rows == 1) kept.by_axis = -1;
  return kept;
}

void UnitRules::broadcast() {
  const ValueAtoms a = plain_input(0), b = plain_input(1);
  const DimShape& dims_a = graph_.value(node_.inputs[0]).shape;
  const DimShape& dims_b = graph_.value(node_.inputs[1]).shape;
  const std::size_t rank = std::max(a.size(), b.size());
  ValueAtoms y(rank);
  for (std::size_t i = 1; i <= rank; ++i) {
    const bool has_a = i <= a.size() && dims_a[a.size() - i] != Dim(1);
    const bool has_b = i <= b.size() && dims_b[b.size() - i] != Dim(1);
    if (has_a && has_b) a_.merge(a[a.size() - i], b[b.size() - i]);
    if (has_a) {
      y[rank - i] = a[a.size() - i];
    } else if (has_b) {
      y[rank - i] = b[b.size() - i];
    }
  }
  set(0, y);
}

}  // namespace nest::graph
