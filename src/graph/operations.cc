#include <algorithm>
#include <initializer_list>

#include "infer.h"
#include "nest/core/error.h"
#include "nest/graph/cost.h"

/// MACs and FLOPs by node kind; the conventions are in cost.h.
namespace nest::graph {

namespace {

std::int64_t product(std::initializer_list<std::int64_t> factors) {
  std::int64_t result = 1;
  for (const std::int64_t factor : factors) {
    require(!__builtin_mul_overflow(result, factor, &result), ErrorCode::kInvalidArgument,
            "the number of operations exceeds 2^63");
  }
  return result;
}

Operations macs_and(std::int64_t macs, std::int64_t others) {
  return {macs, product({2, macs}) + others};
}
Operations only(std::int64_t flops) {
  return {0, flops};
}

constexpr std::int64_t kSigmoid = 3;  // 1 / (1 + exp(-x)): exp, addition, division

std::int64_t operations_of(Activation function) {
  switch (function) {
    case Activation::kElu:
      return 3;  // comparison, exp, subtraction
    case Activation::kRelu:
    case Activation::kTanh:
    case Activation::kSquare:
      return 1;
    case Activation::kGelu:
      return 5;  // x / sqrt(2), erf, 1 + erf, half of x, their product
    case Activation::kSilu:
      return kSigmoid + 1;
    case Activation::kSigmoid:
      return kSigmoid;
    case Activation::kLog:
      return 2;  // comparison, log
  }
  fail(ErrorCode::kInternal, "unknown activation");
}

/// Largest, differences from it, exp, their sum, quotients.
std::int64_t softmax_of_row(std::int64_t n) {
  return n == 0 ? 0 : 5 * n - 1;
}

struct Counter {
  const NodeShapes& shapes;

  const Shape& in(std::size_t i) const { return shapes.inputs.at(i).value(); }
  bool has(std::size_t i) const { return i < shapes.inputs.size() && shapes.inputs[i].has_value(); }
  const Shape& out(std::size_t i = 0) const { return shapes.outputs.at(i); }
  std::int64_t elements() const { return numel(out()); }
  /// Rows of the last axis.
  std::int64_t rows() const { return in(0).back() == 0 ? 0 : numel(in(0)) / in(0).back(); }

  Operations operator()(const Conv& op) const {
    return macs_and(product({elements(), op.in_channels / op.groups, op.kernel_s, op.kernel_t}), 0);
  }
  Operations operator()(const BatchNorm&) const { return only(2 * elements()); }
  Operations operator()(const Pool& op) const {
    const bool is_mean = op.kind == Pool::Kind::kMean;
    return only(product({elements(), is_mean ? op.kernel + 1 : op.kernel - 1}));
  }
  Operations operator()(const Activate& op) const {
    return only(elements() * operations_of(op.function));
  }
  Operations operator()(const Glu&) const { return only(elements() * (kSigmoid + 1)); }
  Operations operator()(const Dropout&) const { return {}; }
  Operations operator()(const Linear& op) const {
    return macs_and(product({elements(), op.in_features}), 0);
  }
  template <class O>
  Operations recurrent(const O& op, std::int64_t gates, std::int64_t by_unit) const {
    const std::int64_t directions = op.bidirectional ? 2 : 1, hidden = op.hidden_size;
    std::int64_t width = op.input_size, products = 0;
    for (std::int64_t layer = 0; layer < op.num_layers; ++layer) {
      products += product({directions, gates, hidden, width + hidden});
      width = directions * hidden;
    }
    const std::int64_t steps = in(0).at(0) * in(0).at(1);
    return macs_and(product({steps, products}),
                    product({steps, op.num_layers, directions, hidden, by_unit}));
  }
  Operations operator()(const Lstm& op) const {
    // Three sigmoids, two tanh, f c + i g and o tanh(c).
    return recurrent(op, 4, 3 * kSigmoid + 2 + 3 + 1);
  }
  Operations operator()(const Gru& op) const {
    // Two sigmoids, r times the hidden part and its addition, tanh, (1 - z) n + z h.
    return recurrent(op, 3, 2 * kSigmoid + 2 + 1 + 4);
  }
  Operations operator()(const Attention& op) const {
    const std::int64_t queries = in(0).at(1), width = op.embed_dim / op.num_heads;
    const std::int64_t heads = product({in(0).at(0), op.num_heads});
    const AttentionReach reach = attention_reach(op, queries, in(1).at(1), has(5));
    if (op.kind == Attention::Kind::kLinear) {
      const std::int64_t keys = product({reach.absorbed, width}), outs = product({queries, width});
      constexpr std::int64_t kPhi = 4;  // elu + 1
      return macs_and(product({heads, keys * width + outs * (width + 1)}),
                      product({heads, keys * (kPhi + 1) + outs * (kPhi + 1) + queries}));
    }
    const std::int64_t sums = op.kind == Attention::Kind::kRelative ? 4 : 2;
    return macs_and(product({heads, reach.pairs, width, sums}),
                    product({heads, reach.pairs + 5 * reach.pairs - reach.rows}));
  }
  Operations operator()(const AdditiveAttention& op) const {
    const std::int64_t queries = in(0).at(0) * in(0).at(1), keys = in(1).at(1);
    const std::int64_t additions = has(3) ? 2 : 1;
    return macs_and(product({queries, keys, op.hidden + in(2).at(2)}),
                    product({queries, keys, op.hidden, additions + 1}) +
                        product({queries, softmax_of_row(keys)}));
  }
  Operations operator()(const LocationFeatures& op) const {
    return macs_and(product({elements(), op.kernel}), 0);
  }
  Operations operator()(const LayerNorm& op) const {
    // Mean, differences, their squares and sum, scale and shift; 1 / sqrt(variance + eps).
    return only(product({rows(), 7 * op.features + 5}));
  }
  Operations operator()(const Embedding&) const { return {}; }
  Operations operator()(const CountFrames&) const { return {}; }
  Operations operator()(const PositionalEncoding&) const { return only(elements()); }
  Operations operator()(const Add&) const { return only(elements()); }
  Operations operator()(const Mul&) const { return only(elements()); }
  Operations operator()(const Scale&) const { return only(elements()); }
  Operations operator()(const Concat&) const { return {}; }
  Operations operator()(const Permute&) const { return {}; }
  Operations operator()(const Unsqueeze&) const { return {}; }
  Operations operator()(const Squeeze&) const { return {}; }
  Operations operator()(const Slice&) const { return {}; }
  /// Largest, differences, exp, sum, its log, one more difference.
  Operations operator()(const LogSoftmax&) const {
    return only(product({rows(), 5, out().back()}));
  }
  Operations operator()(const Softmax&) const {
    return only(product({rows(), softmax_of_row(out().back())}));
  }
};

}  // namespace

AttentionReach attention_reach(const Attention& op, std::int64_t queries, std::int64_t keys,
                               bool is_step) {
  AttentionReach reach;
  const std::int64_t past = is_step ? keys - queries : 0;
  std::int64_t first = -1, last = 0;
  for (std::int64_t i = 0; i < queries; ++i) {
    std::int64_t begin = op.left >= 0 ? past + i - op.left : 0;
    std::int64_t end = op.right >= 0 ? past + i + op.right + 1 : keys;
    if (op.chunk > 0) {
      const std::int64_t chunk = i / op.chunk;
      end = past + (chunk + 1) * op.chunk;
      begin = op.left_chunks >= 0 ? past + (chunk - op.left_chunks) * op.chunk : 0;
    }
    begin = std::clamp<std::int64_t>(begin, 0, keys);
    end = std::clamp<std::int64_t>(end, begin, keys);
    reach.pairs += end - begin;
    reach.rows += end > begin ? 1 : 0;
    reach.absorbed += end - (begin == first ? std::min(last, end) : begin);
    first = begin;
    last = end;
  }
  return reach;
}

Operations operations_of(const Op& op, const NodeShapes& shapes) {
  return std::visit(Counter{shapes}, op);
}

}  // namespace nest::graph
