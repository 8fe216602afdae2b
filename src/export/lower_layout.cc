#include <algorithm>
#include <limits>

#include "lowering.h"

/// What moves numbers without computing, and positions in time.
namespace nest::exports {

Names lower(const Lowering& at, const graph::Concat& op) {
  return {at.onnx.concat(at.inputs, op.axis)};
}

namespace {

/// The axis of length 1 that a permutation moves, if it moves no other; -1 otherwise.
int only_moved_axis(const graph::DimShape& shape, const std::vector<int>& order) {
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (shape[axis] != graph::Dim(1)) continue;
    std::vector<int> others = order;
    std::erase(others, static_cast<int>(axis));
    if (std::is_sorted(others.begin(), others.end())) return static_cast<int>(axis);
  }
  return -1;
}

}  // namespace

/// Where only an axis of length 1 moves, nothing is copied. (And ONNX Runtime 1.32 crashes on a
/// MatMul of a transposed cast, which an attention decoder's query would be in half precision.)
Names lower(const Lowering& at, const graph::Permute& op) {
  if (const int axis = only_moved_axis(at.value(0).shape, op.order); axis >= 0) {
    const auto place = std::find(op.order.begin(), op.order.end(), axis) - op.order.begin();
    return {at.onnx.unsqueeze(at.onnx.squeeze(at.x(), {axis}), {place})};
  }
  return {at.onnx.transpose(at.x(), {op.order.begin(), op.order.end()})};
}

Names lower(const Lowering& at, const graph::Unsqueeze& op) {
  return {at.onnx.unsqueeze(at.x(), {op.axis})};
}

Names lower(const Lowering& at, const graph::Squeeze& op) {
  return {at.onnx.squeeze(at.x(), {op.axis})};
}

Names lower(const Lowering& at, const graph::Slice& op) {
  const std::int64_t end = op.end == 0 ? std::numeric_limits<std::int64_t>::max() : op.end;
  return {at.onnx.slice(at.x(), op.axis, op.begin, end)};
}

Names lower(const Lowering& at, const graph::CountFrames& op) {
  const std::int64_t axis = op.axis < 0 ? op.axis + at.rank(1) : op.axis;
  return {at.onnx.add("Add", {at.input(0), at.onnx.length(at.input(1), axis)})};
}

Names lower(const Lowering& at, const graph::PositionalEncoding& /*op*/) {
  OnnxBuilder& onnx = at.onnx;
  const std::string frames = onnx.unsqueeze(onnx.length(at.x(), 1), {0});
  std::string begin = onnx.integers({0}), end = frames;
  if (!at.input(1).empty()) {
    begin = onnx.unsqueeze(at.input(1), {0});
    end = onnx.add("Add", {begin, frames});
  }
  return {onnx.add("Add", {at.x(), onnx.slice(at.weight_edge(0), 1, begin, end)})};
}

}  // namespace nest::exports
