#pragma once

#include "nest/graph/op.h"
#include "reference/array.h"

/// Convolutions and products, by definition.
namespace nest::reference {

/// x [B, Cin, S, T], also for one dimension (S = 1).
inline Array convolve(const graph::Conv& op, const Array& x, const Arrays& weights) {
  const std::int64_t time = x.dim(3), electrodes = x.dim(2) - op.kernel_s + 1;
  const std::int64_t span = op.dilation_t * (op.kernel_t - 1) + 1;
  const std::int64_t steps = (time + op.pad_left + op.pad_right - span) / op.stride_t + 1;
  const std::int64_t in_group = op.in_channels / op.groups, out_group = op.out_channels / op.groups;
  Array w = weights[0];
  w.shape = {op.out_channels, in_group, op.kernel_s, op.kernel_t};
  Array y({x.dim(0), op.out_channels, electrodes, steps});
  for_each_index(y.shape, [&](const std::vector<std::int64_t>& at) {
    const std::int64_t b = at[0], o = at[1], s = at[2], t = at[3];
    Counted sum = op.has_bias ? weights[1](o) : Counted(0);
    for (std::int64_t c = 0; c < in_group; ++c)
      for (std::int64_t i = 0; i < op.kernel_s; ++i)
        for (std::int64_t k = 0; k < op.kernel_t; ++k) {
          const std::int64_t from = t * op.stride_t + k * op.dilation_t - op.pad_left;
          const bool is_inside = from >= 0 && from < time;
          const std::int64_t channel = o / out_group * in_group + c;
          sum += w(o, c, i, k) * (is_inside ? x(b, channel, s + i, from) : Counted(0));
        }
    y(b, o, s, t) = sum;
  });
  return y;
}

inline Array conv(const graph::Conv& op, const Array& x, const Arrays& weights) {
  if (op.is_2d) return convolve(op, x, weights);
  Array plane = x;
  plane.shape = {x.dim(0), x.dim(1), 1, x.dim(2)};
  Array y = convolve(op, plane, weights);
  y.shape = {y.dim(0), y.dim(1), y.dim(3)};
  return y;
}

inline Array linear(const graph::Linear& op, const Array& x, const Arrays& weights) {
  Array y = x;
  y.shape.back() = op.out_features;
  y = Array(y.shape);
  for (std::size_t i = 0; i < y.values.size(); ++i) {
    const auto outs = static_cast<std::size_t>(op.out_features);
    const std::size_t row = i / outs, o = i % outs;
    Counted sum = op.has_bias ? weights[1](o) : Counted(0);
    for (std::int64_t k = 0; k < op.in_features; ++k) {
      sum += weights[0](o, k) *
             x.values[row * static_cast<std::size_t>(op.in_features) + static_cast<std::size_t>(k)];
    }
    y.values[i] = sum;
  }
  return y;
}

/// previous [B, Q, K] -> [B, Q, K, F]
inline Array location(const graph::LocationFeatures& op, const Array& x, const Arrays& weights) {
  Array y({x.dim(0), x.dim(1), x.dim(2), op.filters});
  for_each_index(y.shape, [&](const std::vector<std::int64_t>& at) {
    Counted sum = weights[1](at[3]);
    for (std::int64_t k = 0; k < op.kernel; ++k) {
      const std::int64_t from = at[2] + k - (op.kernel - 1) / 2;
      const bool is_inside = from >= 0 && from < x.dim(2);
      sum += weights[0](at[3], 0, k) * (is_inside ? x(at[0], at[1], from) : Counted(0));
    }
    y(at[0], at[1], at[2], at[3]) = sum;
  });
  return y;
}

}  // namespace nest::reference
