#include <algorithm>
#include <cstring>

#include "nest/core/error.h"
#include "runtime/binder.h"

/// Operations that move or broadcast elements.
namespace nest::runtime {
namespace {

using Strides = std::vector<std::int64_t>;

/// Of rows (the last axis) that lie `row` elements apart.
Strides strides_of(const Shape& shape, std::int64_t row) {
  Strides strides(shape.size(), 1);
  for (std::size_t i = shape.size(); i-- > 1;) {
    strides[i - 1] = i + 1 == shape.size() ? row : strides[i] * shape[i];
  }
  return strides;
}
Strides dense_strides(const Shape& shape) {
  return strides_of(shape, shape.empty() ? 1 : shape.back());
}

/// Walks all rows of `shape` (its last axis is the row); f(row index, offset of a, offset of b).
template <class F>
void by_row(const Shape& shape, const Strides& a, const Strides& b, const F& f) {
  const std::int64_t width = shape.back();
  const std::int64_t rows = width == 0 ? 0 : [&] {
    std::int64_t n = 1;
    for (std::size_t i = 0; i + 1 < shape.size(); ++i) n *= shape[i];
    return n;
  }();
  for (std::int64_t r = 0; r < rows; ++r) {
    std::int64_t rest = r, at_a = 0, at_b = 0;
    for (std::size_t i = shape.size() - 1; i-- > 0;) {
      const std::int64_t index = rest % shape[i];
      rest /= shape[i];
      at_a += index * a[i];
      at_b += index * b[i];
    }
    f(r, at_a, at_b);
  }
}

class BroadcastStep : public Step {
 public:
  bool is_product = false;
  Shape shape;
  Strides a_strides, b_strides;
  bool is_flat = false;
  Slot a = kNoSlot, b = kNoSlot, y = kNoSlot;

  void run(const Frame& f) const noexcept override {
    const auto combine = is_product ? f.kernels->mul : f.kernels->add;
    if (is_flat) {
      std::int64_t n = 1;
      for (const std::int64_t d : shape) n *= d;
      combine(f.at(a), f.at(b), f.at(y), n);
      return;
    }
    const std::int64_t width = shape.back();
    const std::int64_t step_a = a_strides.back(), step_b = b_strides.back();
    by_row(shape, a_strides, b_strides, [&](std::int64_t r, std::int64_t at_a, std::int64_t at_b) {
      const float* x = f.at(a) + at_a;
      const float* z = f.at(b) + at_b;
      float* out = f.at(y) + r * width;
      if (step_a == 1 && step_b == 1) {
        combine(x, z, out, width);
      } else {
        for (std::int64_t i = 0; i < width; ++i)
          combine(x + i * step_a, z + i * step_b, out + i, 1);
      }
    });
  }
};

/// Copies elements in any order: output row r starts at input offset by `strides`.
class CopyStep : public Step {
 public:
  Shape shape;
  Strides from_strides, to_strides;
  std::int64_t from_begin = 0, to_begin = 0;
  std::size_t element = 4;
  Slot x = kNoSlot, y = kNoSlot;

  void run(const Frame& f) const noexcept override {
    const auto* from = f.at<std::byte>(x) + from_begin * static_cast<std::int64_t>(element);
    auto* to = f.at<std::byte>(y) + to_begin * static_cast<std::int64_t>(element);
    const std::int64_t width = shape.back(), step = from_strides.back();
    const auto size = static_cast<std::int64_t>(element);
    by_row(shape, from_strides, to_strides, [&](std::int64_t, std::int64_t at, std::int64_t out) {
      if (step == 1) {
        std::memcpy(to + out * size, from + at * size, static_cast<std::size_t>(width) * element);
      } else {
        for (std::int64_t i = 0; i < width; ++i)
          std::memcpy(to + (out + i) * size, from + (at + i * step) * size, element);
      }
    });
  }
};

Strides broadcast_strides(const Shape& shape, const Shape& out) {
  const Strides dense = dense_strides(shape);
  Strides strides(out.size(), 0);
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const std::size_t axis = out.size() - shape.size() + i;
    strides[axis] = shape[i] == 1 && out[axis] != 1 ? 0 : dense[i];
  }
  return strides;
}

void add_copy(Binder& binder, const LoweredNode& node, CopyStep step) {
  if (step.shape.empty()) {
    step.shape = {1};
    step.from_strides = step.to_strides = {1};
  }
  std::vector<Slot> reads{step.x}, writes{step.y};
  binder.add(node, std::move(step), std::string(graph::kind_name(node.op)), std::move(reads),
             std::move(writes));
}

std::size_t axis_of(int axis, const Shape& shape) {
  return static_cast<std::size_t>(axis < 0 ? axis + static_cast<int>(shape.size()) : axis);
}

void emit_concat(Binder& binder, const LoweredNode& node, const graph::Concat& op) {
  const Shape out = binder.shape(node.outputs[0]);
  const std::size_t axis = axis_of(op.axis, out);
  const Slot y = binder.define(node.outputs[0]).slot;
  std::int64_t begin = 0;
  for (const graph::ValueId input : node.inputs) {
    CopyStep step;
    step.shape = binder.shape(input);
    const Place from = binder.place(input);
    step.from_strides = strides_of(step.shape, from.row);
    step.from_begin = from.begin;
    step.to_strides = dense_strides(out);
    step.to_begin = begin * step.to_strides.at(axis);
    begin += step.shape.at(axis);
    step.x = from.slot;
    step.y = y;
    add_copy(binder, node, std::move(step));
  }
}

}  // namespace

void emit_layout(Binder& binder, const LoweredNode& node) {
  if (const auto* concat = std::get_if<graph::Concat>(&node.op)) {
    emit_concat(binder, node, *concat);
    return;
  }
  const Shape in = binder.shape(node.inputs[0]);
  CopyStep step;
  step.shape = binder.shape(node.outputs[0]);
  step.to_strides = dense_strides(step.shape);
  const Strides strides = dense_strides(in);
  if (const auto* permute = std::get_if<graph::Permute>(&node.op)) {
    for (const int axis : permute->order)
      step.from_strides.push_back(strides.at(axis_of(axis, in)));
  } else {
    const auto& slice = std::get<graph::Slice>(node.op);
    const std::size_t axis = axis_of(slice.axis, in);
    step.from_strides = strides;
    step.from_begin = (slice.begin < 0 ? slice.begin + in[axis] : slice.begin) * strides[axis];
  }
  step.x = binder.place(node.inputs[0]).slot;
  step.y = binder.define(node.outputs[0]).slot;
  add_copy(binder, node, std::move(step));
}

void emit_broadcast(Binder& binder, const LoweredNode& node) {
  BroadcastStep step;
  const Shape a = binder.shape(node.inputs[0]), b = binder.shape(node.inputs[1]);
  step.is_product = std::holds_alternative<graph::Mul>(node.op);
  step.shape = binder.shape(node.outputs[0]);
  step.is_flat = a == b && a == step.shape;
  step.a_strides = broadcast_strides(a, step.shape);
  step.b_strides = broadcast_strides(b, step.shape);
  step.a = binder.place(node.inputs[0]).slot;
  step.b = binder.place(node.inputs[1]).slot;
  step.y = binder.define(node.outputs[0]).slot;
  if (step.shape.empty()) step.is_flat = true;
  std::vector<Slot> reads{step.a, step.b}, writes{step.y};
  binder.add(node, std::move(step), step.is_product ? "mul" : "add", std::move(reads),
             std::move(writes));
}

namespace {

class CountStep : public Step {
 public:
  std::int64_t more = 0;
  Slot x = kNoSlot, y = kNoSlot;

  void run(const Frame& f) const noexcept override {
    *f.at<std::int64_t>(y) = *f.at<std::int64_t>(x) + more;
  }
};

class PositionsStep : public Step {
 public:
  std::int64_t items = 0, time = 0, width = 0, max_len = 0;
  const float* table = nullptr;
  Slot x = kNoSlot, y = kNoSlot, offset = kNoSlot;

  void run(const Frame& f) const noexcept override {
    std::int64_t begin = offset == kNoSlot ? 0 : *f.at<std::int64_t>(offset);
    begin = std::clamp<std::int64_t>(begin, 0, max_len - time);
    for (std::int64_t b = 0; b < items; ++b)
      f.kernels->add(f.at(x) + b * time * width, table + begin * width, f.at(y) + b * time * width,
                     time * width);
  }
};

}  // namespace

void emit_lookup(Binder& binder, const LoweredNode& node) {
  const Shape in = binder.shape(node.inputs[0]);
  std::vector<Slot> reads{binder.place(node.inputs[0]).slot};
  std::vector<Slot> writes{binder.define(node.outputs[0]).slot};
  if (const auto* count = std::get_if<graph::CountFrames>(&node.op)) {
    const Shape counted = binder.shape(node.inputs[1]);
    CountStep step;
    step.more = counted.at(axis_of(count->axis, counted));
    step.x = reads[0];
    step.y = writes[0];
    binder.add(node, std::move(step), "count frames", std::move(reads), std::move(writes));
    return;
  }
  const auto& op = std::get<graph::PositionalEncoding>(node.op);
  require(in.at(1) <= op.max_len, ErrorCode::kInvalidArgument,
          "{} frames are more than the {} positions of the table", in[1], op.max_len);
  PositionsStep step;
  step.items = in[0];
  step.time = in[1];
  step.width = op.features;
  step.max_len = op.max_len;
  step.table = binder.floats(node, 0, "table");
  step.x = reads[0];
  step.y = writes[0];
  if (node.inputs.size() > 1) step.offset = binder.place(node.inputs[1]).slot;
  reads.push_back(step.offset);
  binder.add(node, std::move(step), "positions", std::move(reads), std::move(writes));
}

}  // namespace nest::runtime
