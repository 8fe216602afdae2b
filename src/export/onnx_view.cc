#include "onnx_view.h"

#include <algorithm>
#include <span>

#include "nest/core/error.h"

namespace nest::exports {
namespace {

using graph::Dim;
using graph::DimShape;

const Dim kOne(1);

std::size_t axis_of(std::int64_t axis, std::size_t rank) {
  const auto count = static_cast<std::int64_t>(rank);
  require(axis >= -count && axis < count, ErrorCode::kUnsupported, "axis {} is outside of {} axes",
          axis, rank);
  return static_cast<std::size_t>(axis < 0 ? axis + count : axis);
}

Dim product(const DimShape& dims) {
  Dim all(1);
  for (const Dim& dim : dims) all = all * dim;
  return all;
}

/// How often one length goes into another: constants, or multiples of one symbol.
std::optional<std::int64_t> quotient(const Dim& whole, const Dim& part) {
  if (whole.is_constant() && part.is_constant())
    return whole.constant() / std::max<std::int64_t>(1, part.constant());
  const auto [a, many] = whole.symbol_multiple();
  const auto [b, few] = part.symbol_multiple();
  if (a.empty() || a != b || few < 1 || many % few != 0) return std::nullopt;
  return many / few;
}

/// Takes atoms of `size` from the front (or the back), splitting one of constant size if needed.
/// False if they do not fit.
bool take(std::vector<Atom>& atoms, const Dim& size, bool from_back, AtomGroup& group) {
  Dim taken(1);
  while (!(taken == size)) {
    if (atoms.empty()) return false;
    Atom atom = from_back ? atoms.back() : atoms.front();
    atoms.erase(from_back ? atoms.end() - 1 : atoms.begin());
    if (const auto need = quotient(size, taken); need && atom.size.is_constant()) {
      const std::int64_t has = atom.size.constant();
      if (*need >= 1 && has > *need && has % *need == 0) {
        const std::int64_t rest = has / *need;
        const Atom slow{atom.axis, Dim(from_back ? rest : *need),
                        atom.inner * (from_back ? *need : rest)};
        const Atom fast{atom.axis, Dim(from_back ? *need : rest), atom.inner};
        atoms.insert(from_back ? atoms.end() : atoms.begin(), from_back ? slow : fast);
        atom = from_back ? fast : slow;
      }
    }
    group.insert(from_back ? group.begin() : group.end(), atom);
    taken = taken * atom.size;
  }
  return true;
}

/// Parts of one axis that lie next to each other become one again.
void merge(AtomGroup& group) {
  for (std::size_t i = 0; i + 1 < group.size();) {
    Atom& slow = group[i];
    const Atom& fast = group[i + 1];
    const bool is_next = slow.axis == fast.axis && fast.size.is_constant() &&
                         slow.inner == fast.inner * fast.size.constant();
    if (!is_next) {
      ++i;
      continue;
    }
    slow = {slow.axis, slow.size * fast.size, fast.inner};
    group.erase(group.begin() + static_cast<std::ptrdiff_t>(i) + 1);
  }
}

}  // namespace

View whole_view(const graph::Graph& graph, graph::ValueId value) {
  View view{value, {}, 1};
  const DimShape& shape = graph.value(value).shape;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    view.axes.emplace_back();
    if (!(shape[i] == kOne)) view.axes.back().push_back({static_cast<int>(i), shape[i], 1});
  }
  return view;
}

Dim size_of(const AtomGroup& group) {
  Dim size(1);
  for (const Atom& atom : group) size = size * atom.size;
  return size;
}

DimShape shape_of(const View& view) {
  DimShape shape;
  for (const AtomGroup& group : view.axes) shape.push_back(size_of(group));
  return shape;
}

View transposed(const View& view, const std::vector<std::int64_t>& order) {
  require(order.size() == view.axes.size(), ErrorCode::kUnsupported,
          "a transposition of {} axes for {}", order.size(), view.axes.size());
  View moved{view.base, {}, view.scale};
  for (const std::int64_t axis : order)
    moved.axes.push_back(view.axes[axis_of(axis, order.size())]);
  return moved;
}

View unsqueezed(const View& view, std::vector<std::int64_t> axes) {
  View wider = view;
  const std::size_t rank = view.axes.size() + axes.size();
  for (std::int64_t& axis : axes) axis = static_cast<std::int64_t>(axis_of(axis, rank));
  std::ranges::sort(axes);
  for (const std::int64_t axis : axes) wider.axes.insert(wider.axes.begin() + axis, AtomGroup());
  return wider;
}

View squeezed(const View& view, std::vector<std::int64_t> axes) {
  View narrower = view;
  if (axes.empty()) {
    std::erase_if(narrower.axes, [](const AtomGroup& group) { return size_of(group) == kOne; });
    return narrower;
  }
  for (std::int64_t& axis : axes) axis = static_cast<std::int64_t>(axis_of(axis, view.axes.size()));
  std::ranges::sort(axes, std::greater());
  for (const std::int64_t axis : axes) {
    const AtomGroup& group = narrower.axes[static_cast<std::size_t>(axis)];
    require(size_of(group) == kOne, ErrorCode::kUnsupported, "an axis of length {} is squeezed",
            size_of(group).text());
    narrower.axes.erase(narrower.axes.begin() + axis);
  }
  return narrower;
}

View reshaped(const View& view, const DimShape& target) {
  std::vector<Atom> atoms;
  for (const AtomGroup& group : view.axes) atoms.insert(atoms.end(), group.begin(), group.end());
  View made{view.base, std::vector<AtomGroup>(target.size()), view.scale};
  const Dim rest(-1);
  const auto open = std::ranges::find(target, rest) - target.begin();
  const auto fit = [&](std::size_t i, bool from_back) {
    const bool fits = take(atoms, target[i], from_back, made.axes[i]);
    require(fits, ErrorCode::kUnsupported, "{} cannot be seen as {}: parts of axes would mix",
            to_string(shape_of(view)), to_string(target));
  };
  for (std::size_t i = 0; i < static_cast<std::size_t>(open); ++i) fit(i, false);
  for (std::size_t i = target.size(); i-- > static_cast<std::size_t>(open) + 1;) fit(i, true);
  if (static_cast<std::size_t>(open) < target.size()) {
    made.axes[static_cast<std::size_t>(open)] = atoms;
    atoms.clear();
  }
  require(atoms.empty(), ErrorCode::kUnsupported, "{} has more elements than {} ({} to {})",
          to_string(shape_of(view)), to_string(target), product(shape_of(view)).text(),
          product(target).text());
  for (AtomGroup& group : made.axes) merge(group);
  return made;
}

std::optional<int> whole_axis(const graph::Graph& graph, const View& view, const AtomGroup& group) {
  if (group.size() != 1 || group[0].inner != 1) return std::nullopt;
  const DimShape& shape = graph.value(view.base).shape;
  const bool is_whole = group[0].size == shape[static_cast<std::size_t>(group[0].axis)];
  return is_whole ? std::optional(group[0].axis) : std::nullopt;
}

graph::ValueId materialized(graph::Graph& graph, const View& view, const std::string& name) {
  graph::ValueId value = view.base;
  const std::size_t rank = graph.value(value).shape.size();
  std::vector<int> order;  // base axes in the order of the view
  std::vector<int> gaps;   // axes of the view that are 1 long
  for (std::size_t i = 0; i < view.axes.size(); ++i) {
    if (view.axes[i].empty()) {
      gaps.push_back(static_cast<int>(i));
      continue;
    }
    const auto axis = whole_axis(graph, view, view.axes[i]);
    require(axis.has_value(), ErrorCode::kUnsupported,
            "{} is read as {}, which splits or merges axes", to_string(graph.value(value).shape),
            to_string(shape_of(view)));
    order.push_back(*axis);
  }
  const auto step = [&](std::string_view what, graph::Op op) {
    value = graph.add_node(fmt::format("{}_{}", name, what), std::move(op), {value})[0];
  };
  // Axes of length 1 lie where they lay: nothing to do.
  bool is_same = view.axes.size() == rank && std::ranges::is_sorted(order);
  for (const int axis : order)
    is_same = is_same && view.axes[static_cast<std::size_t>(axis)].size() == 1;
  if (!is_same) {
    const DimShape shape = graph.value(value).shape;
    for (std::size_t axis = rank; axis-- > 0;) {
      if (shape[axis] == kOne)
        step(fmt::format("squeezed{}", axis), graph::Squeeze{static_cast<int>(axis)});
    }
    std::vector<int> ranks = order;
    std::ranges::sort(ranks);
    for (int& axis : order)
      axis = static_cast<int>(std::ranges::lower_bound(ranks, axis) - ranks.begin());
    if (!std::ranges::is_sorted(order)) step("transposed", graph::Permute{order});
    for (const int axis : gaps) step(fmt::format("unsqueezed{}", axis), graph::Unsqueeze{axis});
  }
  if (view.scale != 1) step("scaled", graph::Scale{view.scale});
  return value;
}

}  // namespace nest::exports
