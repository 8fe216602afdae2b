#pragma once

#include <algorithm>
#include <cstdint>

#include "runtime/arena.h"
#include "runtime/kernels/kernels.h"

namespace nest::runtime {

/// Operands of a product of bytes that is timed; they lie as those of a model do.
struct TimedProduct {
  AlignedArray<std::uint8_t> codes, weights;
  AlignedArray<float> scales, sums;
  AlignedArray<std::int32_t> column_sums;
  QuantGemmArgs args;

  /// `columns` and `depth` are whole panels.
  TimedProduct(int rows, int columns, int depth)
      : codes(size(rows, depth), 130),
        weights(size(columns, depth), 1),
        scales(static_cast<std::size_t>(std::max(rows, columns)), 1),
        sums(size(rows, columns)),
        column_sums(static_cast<std::size_t>(columns)) {
    args.m = rows;
    args.n = columns;
    args.k = depth;
    args.a = codes.data();
    args.lda = depth;
    args.a_scale = scales.data();
    args.b = weights.data();
    args.b_scale = scales.data();
    args.b_sum = column_sums.data();
    args.c = sums.data();
    args.ldc = columns;
  }

 private:
  static std::size_t size(int a, int b) {
    return static_cast<std::size_t>(a) * static_cast<std::size_t>(b);
  }
};

}  // namespace nest::runtime
