#include <algorithm>
#include <limits>

#include "nest/core/error.h"
#include "raise.h"

/// Parts of a value, and a value as part of more: slices, rows by index, padding.
namespace nest::exports {
namespace {

/// begin, end and axis of a slice along one axis in steps of one.
struct Stretch {
  std::int64_t axis = 0, begin = 0, end = 0;
};

void slice_lengths(Raise& at, const OnnxNode& node, const Lengths& x, Stretch s) {
  const auto count = static_cast<std::int64_t>(x.dims.size());
  const auto bound = [&](std::int64_t i) {
    return std::clamp<std::int64_t>(i < 0 ? i + count : i, 0, count);
  };
  const std::int64_t begin = bound(s.begin), end = std::max(begin, bound(s.end));
  at.set(node, Lengths{{x.dims.begin() + begin, x.dims.begin() + end}, false});
}

void slice(Raise& at, const OnnxNode& node) {
  const auto starts = at.integers(node, 1, "starts");
  const auto axes = at.integers(node, 3, "axes").value_or(std::vector<std::int64_t>{0});
  const auto steps = at.integers(node, 4, "steps").value_or(std::vector<std::int64_t>{1});
  if (std::holds_alternative<Zeros>(at.input(node, 0))) return same(at, node);
  require(starts && starts->size() == 1 && axes.size() == 1 && steps.size() == 1,
          ErrorCode::kUnsupported, "it cuts several axes");
  if (const Tensor* list = at.constant(node, 0); list != nullptr && list->dtype() != DType::kF32) {
    const auto end = at.integers(node, 2, "ends");
    require(end && end->size() == 1, ErrorCode::kUnsupported, "its end is open");
    return at.set(node, sliced_constant(*list, axes[0], starts->front(), end->front(), steps[0]));
  }
  require(steps[0] == 1, ErrorCode::kUnsupported, "it cuts in steps");
  if (const Tensor* table = at.constant(node, 0);
      table != nullptr && table->dtype() == DType::kF32) {
    require(starts->front() == 0, ErrorCode::kUnsupported, "a table is not read from its begin");
    return at.set(node, TableRows{*table});
  }
  const auto ends = at.integers(node, 2, "ends");
  require(ends && ends->size() == 1, ErrorCode::kUnsupported, "its end is open");
  const Stretch s{axes[0], starts->front(), ends->front()};
  if (const auto lengths = lengths_of(at.input(node, 0)))
    return slice_lengths(at, node, *lengths, s);
  const View x = at.view(node, 0);
  const auto rank = static_cast<std::int64_t>(x.axes.size());
  const std::int64_t axis = s.axis < 0 ? s.axis + rank : s.axis;
  require(axis >= 0 && axis < rank, ErrorCode::kUnsupported, "axis {} of {}", s.axis, rank);
  const graph::Dim length = size_of(x.axes[static_cast<std::size_t>(axis)]);
  constexpr std::int64_t kOpen = std::numeric_limits<std::int32_t>::max();
  const bool is_to_end = s.end >= kOpen || (length.is_constant() && s.end >= length.constant());
  if (s.begin == 0 && is_to_end) return same(at, node);
  Part part{Part::Kind::kSlice, x, static_cast<int>(axis), s.begin, is_to_end ? 0 : s.end};
  at.set(node, part);
}

void split(Raise& at, const OnnxNode& node) {
  const View x = at.view(node, 0);
  const auto rank = static_cast<std::int64_t>(x.axes.size());
  std::int64_t axis = attribute_or(node, "axis", std::int64_t{0});
  if (axis < 0) axis += rank;
  const graph::Dim length = size_of(x.axes.at(static_cast<std::size_t>(axis)));
  auto lengths = at.integers(node, 1, "split");
  if (!lengths) {
    require(length.is_constant(), ErrorCode::kUnsupported, "it divides an open length");
    const auto parts = static_cast<std::int64_t>(node.outputs.size());
    lengths = std::vector<std::int64_t>(node.outputs.size(), length.constant() / parts);
  }
  std::int64_t begin = 0;
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    const std::int64_t end = begin + lengths->at(i);
    if (!node.outputs[i].empty())
      at.set(node.outputs[i], Part{Part::Kind::kSlice, x, static_cast<int>(axis), begin, end});
    begin = end;
  }
}

void embed(Raise& at, const OnnxNode& node, const Tensor& table) {
  const std::string name = at.name_of(node, node.inputs[0]);
  at.emit(node, graph::Embedding{table.dim(0), table.dim(1)}, {at.value(node, 1)},
          {at.add_weight(name, "weight", table.to(DType::kF32))});
}

/// One of the equal parts of an axis that was split: of queries, keys and values in one product.
bool take_part(Raise& at, const OnnxNode& node, std::size_t axis, std::int64_t index) {
  const auto* x = std::get_if<View>(&at.input(node, 0));
  if (x == nullptr || x->axes.at(axis).size() != 1) return false;
  const Atom atom = x->axes[axis][0];
  const graph::Dim whole = at.graph().value(x->base).shape[static_cast<std::size_t>(atom.axis)];
  if (!atom.size.is_constant() || atom.inner == 1 ||
      !(whole == graph::Dim(atom.size.constant() * atom.inner)))
    return false;
  View rest = *x;  // emitting may move the edge
  rest.axes.erase(rest.axes.begin() + static_cast<std::ptrdiff_t>(axis));
  const std::int64_t i = index < 0 ? index + atom.size.constant() : index;
  at.emit(node, graph::Slice{atom.axis, i * atom.inner, (i + 1) * atom.inner}, {rest.base});
  rest.base = std::get<View>(at.edge(node.outputs[0])).base;
  at.set(node, rest);
  return true;
}

/// Rows of a table by token; one position of a value; some lengths.
void gather(Raise& at, const OnnxNode& node) {
  const std::int64_t axis = attribute_or(node, "axis", std::int64_t{0});
  const Tensor* table = at.constant(node, 0);
  if (table != nullptr && table->rank() == 2 && axis == 0 && at.constant(node, 1) == nullptr)
    return embed(at, node, *table);
  const auto which = lengths_of(at.input(node, 1));
  require(which && std::ranges::all_of(which->dims, &graph::Dim::is_constant),
          ErrorCode::kUnsupported, "its indices are values");
  if (const auto lengths = lengths_of(at.input(node, 0))) {
    Lengths made{{}, which->is_scalar};
    for (const graph::Dim& index : which->dims) {
      const auto count = static_cast<std::int64_t>(lengths->dims.size());
      const std::int64_t i = index.constant() < 0 ? index.constant() + count : index.constant();
      made.dims.push_back(lengths->dims.at(static_cast<std::size_t>(i)));
    }
    return at.set(node, made);
  }
  require(which->dims.size() == 1, ErrorCode::kUnsupported,
          "it takes several positions of a value");
  const auto axes = static_cast<std::int64_t>(at.view(node, 0).axes.size());
  const auto own = static_cast<std::size_t>(axis < 0 ? axis + axes : axis);
  if (which->is_scalar && take_part(at, node, own, which->dims[0].constant())) return;
  const graph::ValueId x = at.value(node, 0);
  const auto rank = static_cast<std::int64_t>(at.graph().value(x).shape.size());
  const int place = static_cast<int>(axis < 0 ? axis + rank : axis);
  const std::int64_t begin = which->dims[0].constant();
  at.emit(node, graph::Slice{place, begin, begin == -1 ? 0 : begin + 1}, {x});
  if (which->is_scalar) at.set(node, squeezed(std::get<View>(at.edge(node.outputs[0])), {place}));
}

/// Zeros around the last axis, for the convolution that reads it.
void pad(Raise& at, const OnnxNode& node) {
  require(attribute_or(node, "mode", std::string("constant")) == "constant",
          ErrorCode::kUnsupported, "it repeats samples");
  const Tensor* filling = at.constant(node, 2);
  require(filling == nullptr || scalar_of(*filling) == 0, ErrorCode::kUnsupported,
          "it fills with another number than 0");
  const auto pads = at.integers(node, 1, "pads");
  const View x = at.view(node, 0);
  const std::size_t rank = x.axes.size();
  require(pads && pads->size() == 2 * rank, ErrorCode::kUnsupported, "its padding is open");
  for (std::size_t i = 0; i < 2 * rank; ++i) {
    require((*pads)[i] == 0 || i % rank == rank - 1, ErrorCode::kUnsupported,
            "it pads another axis than the last");
  }
  const std::int64_t left = (*pads)[rank - 1], right = (*pads)[2 * rank - 1];
  if (left == 0 && right == 0) return same(at, node);
  at.set(node, Part{Part::Kind::kPadded, x, 0, left, right});
}

}  // namespace

Follow follow_cuts(std::string_view op) {
  static const std::map<std::string_view, Follow> kFollow{
      {"Slice", slice}, {"Split", split}, {"Gather", gather}, {"Pad", pad}};
  const auto found = kFollow.find(op);
  return found == kFollow.end() ? nullptr : found->second;
}

}  // namespace nest::exports
