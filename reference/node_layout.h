#pragma once

#include <algorithm>

#include "nest/graph/op.h"
#include "reference/array.h"

/// Broadcasting and layout, by definition.
namespace nest::reference {

/// a and b with NumPy broadcasting.
template <class F>
Array broadcast(const Array& a, const Array& b, const F& f) {
  const int rank = std::max(a.rank(), b.rank());
  const auto dim = [&](const Array& x, int axis) {
    return axis < rank - x.rank() ? 1 : x.dim(axis - (rank - x.rank()));
  };
  std::vector<std::int64_t> shape;
  for (int i = 0; i < rank; ++i) shape.push_back(std::max(dim(a, i), dim(b, i)));
  const auto at = [&](const Array& x, const std::vector<std::int64_t>& index) {
    std::vector<std::int64_t> own(index.end() - x.rank(), index.end());
    for (std::size_t i = 0; i < own.size(); ++i) own[i] = x.shape[i] == 1 ? 0 : own[i];
    return x.values[x.offset(own)];
  };
  Array y(shape);
  for_each_index(shape, [&](const std::vector<std::int64_t>& index) {
    y.values[y.offset(index)] = f(at(a, index), at(b, index));
  });
  return y;
}

/// Layout: y at an index is x at another.
template <class F>
Array gathered(const Array& x, std::vector<std::int64_t> shape, const F& index_in_x) {
  Array y(std::move(shape));
  for_each_index(y.shape, [&](const std::vector<std::int64_t>& at) {
    y.values[y.offset(at)] = x.values[x.offset(index_in_x(at))];
  });
  return y;
}

inline std::size_t axis_of(int given, int rank) {
  return static_cast<std::size_t>(given < 0 ? given + rank : given);
}

inline Array concat(const graph::Concat& op, const Inputs& in) {
  const std::size_t a = axis_of(op.axis, in[0]->rank());
  std::vector<std::int64_t> shape = in[0]->shape;
  for (std::size_t i = 1; i < in.size(); ++i) shape[a] += in[i]->shape[a];
  Array y(shape);
  std::int64_t begin = 0;
  for (const Array* part : in) {
    for_each_index(part->shape, [&](std::vector<std::int64_t> at) {
      const Counted& value = part->values[part->offset(at)];
      at[a] += begin;
      y.values[y.offset(at)] = value;
    });
    begin += part->shape[a];
  }
  return y;
}

inline Array permute(const graph::Permute& op, const Array& x) {
  std::vector<std::int64_t> shape;
  for (const int from : op.order) shape.push_back(x.dim(from));
  return gathered(x, shape, [&](const std::vector<std::int64_t>& at) {
    std::vector<std::int64_t> from(at.size());
    for (std::size_t i = 0; i < at.size(); ++i) from[static_cast<std::size_t>(op.order[i])] = at[i];
    return from;
  });
}

inline Array slice(const graph::Slice& op, const Array& x) {
  const std::size_t a = axis_of(op.axis, x.rank());
  const std::int64_t length = x.shape[a];
  const std::int64_t begin = op.begin < 0 ? length + op.begin : op.begin;
  const std::int64_t end = op.end <= 0 ? length + op.end : op.end;
  std::vector<std::int64_t> shape = x.shape;
  shape[a] = end - begin;
  return gathered(x, shape, [&](std::vector<std::int64_t> at) {
    at[a] += begin;
    return at;
  });
}

}  // namespace nest::reference
