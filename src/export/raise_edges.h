#pragma once

#include <cstdint>
#include <variant>

#include "nest/graph/model.h"
#include "onnx_view.h"

/// What the edges between ONNX operators are while they are followed (raise.h).
namespace nest::exports {

/// Integers that depend on lengths: what Shape gives, and what is computed from it.
struct Lengths {
  graph::DimShape dims;
  bool is_scalar = false;
};
/// Zeros of a length that is not fixed: how recurrent layers are told to begin.
struct Zeros {};
/// A table of which the first rows, as many as a value is long, were taken.
struct TableRows {
  Tensor table;
};
/// q k^T of all heads, times a factor; then its softmax.
struct HeadScores {
  graph::ValueId q = graph::kNoValue;
  graph::ValueId k = graph::kNoValue;
  std::int64_t heads = 1;
  double scale = 1;
  bool is_softmax = false;
};
/// A step on the way to one node kind that ONNX writes in several.
struct Part {
  enum class Kind {
    kSigmoid,   ///< of x or a slice of it: times x it is SiLU, times the other half GLU
    kErf,       ///< erf(x / sqrt 2)
    kPhi,       ///< 1 + that: times x it is 2 GELU
    kClamped,   ///< max(x, 1e-6), before its logarithm
    kSlice,     ///< of x along an axis
    kPadded,    ///< zeros before (begin) and after (end) the last axis: a convolution's padding
    kMean,      ///< of the last axis
    kCentred,   ///< x - mean
    kSquares,   ///< of those
    kVariance,  ///< their mean
    kVarianceEps,
    kDeviation,  ///< its root
    kNormed,
    kGained,  ///< times a vector: with one more sum it is layer norm
  };
  Kind kind;
  View x;
  int axis = 0;  ///< kSlice
  std::int64_t begin = 0, end = 0;
  double eps = 0;
  double factor = 1;  ///< kPhi
  Tensor gain = {};

  bool is_slice() const { return begin != 0 || end != 0; }
};
/// What an edge is. Monostate: of an operator that is not covered.
using Edge =
    std::variant<std::monostate, View, Tensor, Lengths, Zeros, TableRows, HeadScores, Part>;

}  // namespace nest::exports
