#pragma once

#include <functional>

#include "nest/graph/op.h"
#include "reference/array.h"

/// Kinds that work element by element or row by row, by definition.
namespace nest::reference {

using Row = std::vector<Counted>;

/// Both sides of a choice are computed, so that the count does not depend on the numbers.
inline Counted activate(graph::Activation function, const Counted& x) {
  switch (function) {
    case graph::Activation::kElu: {
      const Counted below = exp(x) - Counted(1);
      return x > Counted(0) ? x : below;
    }
    case graph::Activation::kRelu:
      return largest(x, 0);
    case graph::Activation::kGelu: {
      const Counted half = Counted(0.5) * x;
      const Counted scaled = x * Counted(1 / std::sqrt(2.0));
      return half * (Counted(1) + erf(scaled));
    }
    case graph::Activation::kSilu:
      return x * sigmoid(x);
    case graph::Activation::kTanh:
      return tanh(x);
    case graph::Activation::kSigmoid:
      return sigmoid(x);
    case graph::Activation::kSquare:
      return x * x;
    case graph::Activation::kLog:
      return log(largest(x, 1e-6));
  }
  return x;
}

inline Row softmax(const Row& x) {
  if (x.empty()) return {};
  Counted top = x[0], sum;
  for (std::size_t i = 1; i < x.size(); ++i) top = largest(top, x[i]);
  Row y;
  for (const Counted& value : x) {
    y.push_back(exp(value - top));
    sum += y.back();
  }
  for (Counted& value : y) value = value / sum;
  return y;
}

inline Row log_softmax(const Row& x) {
  Counted top = x[0], sum;
  for (std::size_t i = 1; i < x.size(); ++i) top = largest(top, x[i]);
  Row below;
  for (const Counted& value : x) {
    below.push_back(value - top);
    sum += exp(below.back());
  }
  const Counted log_sum = log(sum);
  for (Counted& value : below) value = value - log_sum;
  return below;
}

inline Row layer_norm(const graph::LayerNorm& op, const Row& x, const Arrays& weights) {
  Counted sum;
  for (const Counted& value : x) sum += value;
  const Counted count = static_cast<double>(op.features), mean = sum / count;
  Row centred;
  Counted squares;
  for (const Counted& value : x) {
    centred.push_back(value - mean);
    const Counted square = centred.back() * centred.back();
    squares += square;
  }
  const Counted scale = Counted(1) / sqrt(squares / count + Counted(op.eps));
  for (std::size_t d = 0; d < x.size(); ++d) {
    const Counted normed = centred[d] * scale;
    centred[d] = normed * weights[0](d) + weights[1](d);
  }
  return centred;
}

inline Array by_row(const Array& x, const std::function<Row(const Row&)>& f) {
  Array y(x.shape);
  const auto width = static_cast<std::ptrdiff_t>(x.shape.back());
  for (auto at = x.values.begin(); at != x.values.end(); at += width) {
    const Row row = f(Row(at, at + width));
    std::copy(row.begin(), row.end(), y.values.begin() + (at - x.values.begin()));
  }
  return y;
}

inline Array batch_norm(const graph::BatchNorm& op, const Array& x, const Arrays& weights) {
  Array y(x.shape);
  for_each_index(x.shape, [&](const std::vector<std::int64_t>& at) {
    const std::int64_t c = at[1];
    // Weights alone decide these two, so they are computed without counting.
    const double scale = weights[0](c).value() / std::sqrt(weights[3](c).value() + op.eps);
    const double shift = weights[1](c).value() - weights[2](c).value() * scale;
    const std::size_t i = x.offset(at);
    y.values[i] = x.values[i] * Counted(scale) + Counted(shift);
  });
  return y;
}

inline Array pool(const graph::Pool& op, const Array& x) {
  Array y = x;
  y.shape.back() = (x.shape.back() - op.kernel) / op.stride + 1;
  y = Array(y.shape);
  for_each_index(y.shape, [&](std::vector<std::int64_t> at) {
    const std::size_t out = y.offset(at);
    at.back() *= op.stride;
    const std::size_t first = x.offset(at);
    const bool is_mean = op.kind == graph::Pool::Kind::kMean;
    Counted value = is_mean ? Counted(0) : x.values[first];
    for (std::int64_t k = is_mean ? 0 : 1; k < op.kernel; ++k) {
      const Counted& next = x.values[first + static_cast<std::size_t>(k)];
      value = is_mean ? value + next : largest(value, next);
    }
    y.values[out] = is_mean ? value / Counted(static_cast<double>(op.kernel)) : value;
  });
  return y;
}

inline Array glu(const Array& x, int axis) {
  Array y = x;
  const auto a = static_cast<std::size_t>(axis < 0 ? axis + x.rank() : axis);
  y.shape[a] /= 2;
  y = Array(y.shape);
  for_each_index(y.shape, [&](std::vector<std::int64_t> at) {
    const std::size_t out = y.offset(at), first = x.offset(at);
    at[a] += y.shape[a];
    y.values[out] = x.values[first] * sigmoid(x.values[x.offset(at)]);
  });
  return y;
}

}  // namespace nest::reference
