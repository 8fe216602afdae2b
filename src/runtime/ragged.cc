#include "runtime/ragged.h"

#include <algorithm>
#include <cstring>

#include "nest/core/error.h"

namespace nest::runtime {
namespace {

/// Copies a box of `shape` elements between two dense arrays, at offset `begin` of the larger one.
void copy_box(const Shape& shape, std::size_t element, const std::byte* from,
              const Shape& from_shape, const Shape& from_begin, std::byte* to,
              const Shape& to_shape, const Shape& to_begin) {
  if (shape.empty()) {
    std::memcpy(to, from, element);
    return;
  }
  Shape index(shape.size(), 0);
  const std::size_t last = shape.size() - 1;
  const auto place = [&](const Shape& whole, const Shape& begin) {
    std::int64_t at = 0;
    for (std::size_t i = 0; i < whole.size(); ++i) at = at * whole[i] + begin[i] + index[i];
    return static_cast<std::size_t>(at) * element;
  };
  if (numel(shape) == 0) return;
  for (;;) {
    std::memcpy(to + place(to_shape, to_begin), from + place(from_shape, from_begin),
                static_cast<std::size_t>(shape[last]) * element);
    std::size_t axis = last;
    while (axis-- > 0) {
      if (++index[axis] < shape[axis]) break;
      index[axis] = 0;
    }
    if (axis > last) return;
  }
}

/// The axis that is the batch, -1 if none.
int batch_axis(const graph::Value& value) {
  for (std::size_t i = 0; i < value.shape.size(); ++i) {
    if (value.shape[i].symbol_name() == "B") return static_cast<int>(i);
  }
  return -1;
}

Shape batch_begin(const graph::Value& value, std::int64_t item) {
  Shape begin(value.shape.size(), 0);
  const int axis = batch_axis(value);
  if (axis >= 0) begin[static_cast<std::size_t>(axis)] = item;
  return begin;
}

}  // namespace

RaggedBatch::RaggedBatch(const graph::Graph& graph, const TensorMap& inputs, const Tensor& lengths)
    : graph_(graph), inputs_(inputs), bindings_(graph::bind(graph, inputs)) {
  require(lengths.dtype() == DType::kI64 && lengths.rank() == 1, ErrorCode::kInvalidArgument,
          "input 'lengths' is {} {}, expected int64 [B]", name_of(lengths.dtype()),
          to_string(lengths.shape()));
  require(bindings_.contains("B") && bindings_.contains("T"), ErrorCode::kInvalidArgument,
          "graph '{}' has no batch of sequences: 'lengths' cannot be given", graph.name);
  const std::int64_t items = bindings_.at("B"), longest = bindings_.at("T");
  require(lengths.dim(0) == items, ErrorCode::kInvalidArgument,
          "input 'lengths' has {} entries for a batch of {}", lengths.dim(0), items);
  for (const std::int64_t length : lengths.data<std::int64_t>()) {
    require(length >= 1 && length <= longest, ErrorCode::kInvalidArgument,
            "input 'lengths': {} is outside [1, {}]", length, longest);
    lengths_.push_back(length);
  }
}

bool RaggedBatch::is_dense() const {
  return std::all_of(lengths_.begin(), lengths_.end(),
                     [&](std::int64_t length) { return length == bindings_.at("T"); });
}

std::vector<std::vector<std::int64_t>> RaggedBatch::groups() const {
  std::map<std::int64_t, std::vector<std::int64_t>> by_length;
  for (std::size_t i = 0; i < lengths_.size(); ++i)
    by_length[lengths_[i]].push_back(static_cast<std::int64_t>(i));
  std::vector<std::vector<std::int64_t>> groups;
  for (auto& [length, items] : by_length) groups.push_back(std::move(items));
  return groups;
}

Shape RaggedBatch::shape_of(const graph::Value& value, std::int64_t item,
                            std::int64_t items) const {
  graph::Bindings own = bindings_;
  own["B"] = items;
  own["T"] = lengths_[static_cast<std::size_t>(item)];
  Shape shape;
  for (const graph::Dim& dim : value.shape) shape.push_back(dim.eval(own));
  return shape;
}

TensorMap RaggedBatch::group_inputs(const std::vector<std::int64_t>& items) const {
  TensorMap cut;
  const auto count = static_cast<std::int64_t>(items.size());
  for (const auto& [name, tensor] : inputs_) {
    const graph::Value& value = graph_.value(graph_.input(name).value);
    Tensor part(tensor.dtype(), shape_of(value, items.front(), count));
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t item = items[static_cast<std::size_t>(i)];
      copy_box(shape_of(value, item, 1), size_of(tensor.dtype()),
               static_cast<const std::byte*>(tensor.raw()), tensor.shape(),
               batch_begin(value, item), static_cast<std::byte*>(part.mutable_raw()), part.shape(),
               batch_begin(value, i));
    }
    cut.emplace(name, std::move(part));
  }
  return cut;
}

TensorMap RaggedBatch::empty_outputs() const {
  TensorMap outputs;
  for (const graph::Port& port : graph_.outputs) {
    const graph::Value& value = graph_.value(port.value);
    Shape shape;
    for (const graph::Dim& dim : value.shape) shape.push_back(dim.eval(bindings_));
    outputs.emplace(port.name, Tensor(value.dtype, shape));
  }
  return outputs;
}

void RaggedBatch::paste(const std::vector<std::int64_t>& items, const TensorMap& results,
                        TensorMap& outputs) const {
  for (const auto& [name, part] : results) {
    Tensor& whole = outputs.find(name)->second;
    const graph::Value& value = graph_.value(graph_.output(name).value);
    for (std::size_t i = 0; i < items.size(); ++i) {
      copy_box(shape_of(value, items[i], 1), size_of(part.dtype()),
               static_cast<const std::byte*>(part.raw()), part.shape(),
               batch_begin(value, static_cast<std::int64_t>(i)),
               static_cast<std::byte*>(whole.mutable_raw()), whole.shape(),
               batch_begin(value, items[i]));
    }
  }
}

}  // namespace nest::runtime
