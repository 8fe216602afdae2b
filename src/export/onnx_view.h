#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "nest/graph/graph.h"

namespace nest::exports {

/// A part of one axis of a value: `size` steps of `inner` elements each. A whole axis has inner 1.
struct Atom {
  int axis = 0;
  graph::Dim size;
  std::int64_t inner = 1;

  friend bool operator==(const Atom&, const Atom&) = default;
};
/// One axis of a view, slowest part first; empty: an axis of length 1.
using AtomGroup = std::vector<Atom>;

/// A value seen through reshapes and transpositions that are not carried out, times a factor.
///
/// Other frameworks write heads of attention, both directions of a recurrent layer and folded
/// batches as reshapes; here they are parts of node kinds, so that what a reshape means shows only
/// where a product reads it.
struct View {
  graph::ValueId base = graph::kNoValue;
  std::vector<AtomGroup> axes;
  double scale = 1;
};

View whole_view(const graph::Graph& graph, graph::ValueId value);
graph::DimShape shape_of(const View& view);
graph::Dim size_of(const AtomGroup& group);

View transposed(const View& view, const std::vector<std::int64_t>& order);
/// `axes` of the result. Errors: Unsupported for one outside.
View unsqueezed(const View& view, std::vector<std::int64_t> axes);
/// No axes: all of length 1. Errors: Unsupported for another length.
View squeezed(const View& view, std::vector<std::int64_t> axes);
/// 0 in the target stays 0 long; a dim of -1 is what is left. Errors: Unsupported naming both
/// shapes if parts of axes would mix.
View reshaped(const View& view, const graph::DimShape& target);

/// The axis of the base that a group is all of, in order.
std::optional<int> whole_axis(const graph::Graph& graph, const View& view, const AtomGroup& group);
/// The same value without a view: adds Squeeze, Permute, Unsqueeze and Scale nodes where needed.
/// Errors: Unsupported if axes are split or merged.
graph::ValueId materialized(graph::Graph& graph, const View& view, const std::string& name);

}  // namespace nest::exports
