#include <algorithm>

#include "infer.h"

namespace nest::graph {

namespace {

const Value& single(const Inputs& inputs) {
  const InputReader reader(inputs);
  reader.expect_count(1, 1);
  require(inputs[0] != nullptr, ErrorCode::kInvalidArgument, "input 0 is missing");
  return *inputs[0];
}

/// Time axis of a value, counted from the last axis (0 = last); -1 if there is none.
int time_from_end(const Value& value) {
  return value.time_axis < 0 ? -1 : static_cast<int>(value.shape.size()) - 1 - value.time_axis;
}

}  // namespace

Outputs infer_broadcast(const Inputs& inputs) {
  const InputReader reader(inputs);
  reader.expect_count(2, 2);
  const Value& a = reader.at(0, "a", -1);
  const Value& b = reader.at(1, "b", -1);
  const std::size_t rank = std::max(a.shape.size(), b.shape.size());
  DimShape shape(rank);
  for (std::size_t i = 0; i < rank; ++i) {
    const Dim x = i < a.shape.size() ? a.shape[a.shape.size() - 1 - i] : Dim(1);
    const Dim y = i < b.shape.size() ? b.shape[b.shape.size() - 1 - i] : Dim(1);
    require(x == y || x == Dim(1) || y == Dim(1), ErrorCode::kInvalidArgument,
            "shapes {} of '{}' and {} of '{}' do not broadcast", to_string(a.shape), a.name,
            to_string(b.shape), b.name);
    shape[rank - 1 - i] = x == Dim(1) ? y : x;
  }
  const int time_a = time_from_end(a);
  const int time_b = time_from_end(b);
  require(time_a < 0 || time_b < 0 || time_a == time_b, ErrorCode::kInvalidArgument,
          "'{}' and '{}' have time on different axes", a.name, b.name);
  const int time = std::max(time_a, time_b);
  return {{"", a.dtype, std::move(shape), time < 0 ? -1 : static_cast<int>(rank) - 1 - time}};
}

Outputs infer_concat(const Concat& op, const Inputs& inputs) {
  require(!inputs.empty(), ErrorCode::kInvalidArgument, "expects at least one input");
  const InputReader reader(inputs);
  const Value& first = reader.at(0, "input 0", -1);
  const auto axis = static_cast<std::size_t>(normalize_axis(op.axis, first.shape.size()));
  Inferred result{"", first.dtype, first.shape, first.time_axis};
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    const Value& next =
        reader.at(i, fmt::format("input {}", i), static_cast<int>(first.shape.size()), first.dtype);
    for (std::size_t j = 0; j < first.shape.size(); ++j) {
      if (j != axis)
        expect_axis(next, fmt::format("input {}", i), j, "same as input 0", first.shape[j]);
    }
    result.shape[axis] = result.shape[axis] + next.shape[axis];
    result.time_axis = std::max(result.time_axis, next.time_axis);
  }
  require(inputs.size() == 1 || result.time_axis != static_cast<int>(axis),
          ErrorCode::kInvalidArgument,
          "concatenation along the time axis would put padding between the parts");
  return {result};
}

Outputs infer_permute(const Permute& op, const Inputs& inputs) {
  const Value& x = single(inputs);
  std::vector<int> sorted = op.order;
  std::sort(sorted.begin(), sorted.end());
  bool is_permutation = sorted.size() == x.shape.size();
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    is_permutation = is_permutation && sorted[i] == static_cast<int>(i);
  }
  require(is_permutation, ErrorCode::kInvalidArgument,
          "order [{}] is not a permutation of the {} axes of '{}'", fmt::join(op.order, ", "),
          x.shape.size(), x.name);
  Inferred result{"", x.dtype, {}, -1};
  for (std::size_t i = 0; i < op.order.size(); ++i) {
    result.shape.push_back(x.shape[static_cast<std::size_t>(op.order[i])]);
    if (op.order[i] == x.time_axis) result.time_axis = static_cast<int>(i);
  }
  return {result};
}

Outputs infer_unsqueeze(const Unsqueeze& op, const Inputs& inputs) {
  const Value& x = single(inputs);
  const int axis = normalize_axis(op.axis, x.shape.size() + 1);
  Inferred result{"", x.dtype, x.shape, x.time_axis >= axis ? x.time_axis + 1 : x.time_axis};
  result.shape.insert(result.shape.begin() + axis, Dim(1));
  return {result};
}

Outputs infer_squeeze(const Squeeze& op, const Inputs& inputs) {
  const Value& x = single(inputs);
  const int axis = normalize_axis(op.axis, x.shape.size());
  expect_axis(x, "x", static_cast<std::size_t>(axis), "removed", 1);
  require(axis != x.time_axis, ErrorCode::kInvalidArgument, "axis {} of '{}' is its time axis",
          axis, x.name);
  Inferred result{"", x.dtype, x.shape, x.time_axis > axis ? x.time_axis - 1 : x.time_axis};
  result.shape.erase(result.shape.begin() + axis);
  return {result};
}

Outputs infer_slice(const Slice& op, const Inputs& inputs) {
  const Value& x = single(inputs);
  const auto axis = static_cast<std::size_t>(normalize_axis(op.axis, x.shape.size()));
  const Dim length = x.shape[axis];
  const Dim begin = op.begin < 0 ? length + op.begin : Dim(op.begin);
  const Dim end = op.end <= 0 ? length + op.end : Dim(op.end);
  const Dim result = end - begin;
  const bool is_empty = result.is_constant() && result.constant() <= 0;
  const bool is_outside =
      length.is_constant() && (begin.constant() < 0 || end.constant() > length.constant());
  require(!is_empty && !is_outside, ErrorCode::kInvalidArgument,
          "slice [{}:{}] of axis {} does not fit '{}' of shape {}", op.begin, op.end, axis, x.name,
          to_string(x.shape));
  require(static_cast<int>(axis) != x.time_axis || (op.begin >= 0 && op.end == 0),
          ErrorCode::kInvalidArgument,
          "slice [{}:{}] counts from the end of the time axis of '{}', where a padded batch ends "
          "differently for each item",
          op.begin, op.end, x.name);
  DimShape shape = x.shape;
  shape[axis] = result;
  return {{"", x.dtype, std::move(shape), x.time_axis}};
}

}  // namespace nest::graph
