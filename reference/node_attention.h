#pragma once

#include <algorithm>

#include "nest/graph/op.h"
#include "reference/array.h"
#include "reference/node_rows.h"

/// Dot-product attention of every kind, by definition: query by query, key by key.
namespace nest::reference {

/// Keys that query i may look at: [begin, end).
struct KeyRange {
  std::int64_t begin = 0, end = 0;
};
inline KeyRange keys_in_reach(const graph::Attention& op, std::int64_t i, std::int64_t queries,
                              std::int64_t keys, const Array* position) {
  const auto before =
      position == nullptr ? 0 : static_cast<std::int64_t>(position->values[0].value());
  const std::int64_t own = before + i;  // position of the query
  const std::int64_t first = position == nullptr ? 0 : own - i - (keys - queries);  // of key 0
  KeyRange range{keys, 0};
  for (std::int64_t j = 0; j < keys; ++j) {
    const std::int64_t other = first + j;
    bool may_look = other >= 0;
    if (op.chunk > 0) {
      const std::int64_t chunk = own / op.chunk, chunk_of_key = other / op.chunk;
      may_look = may_look && chunk_of_key <= chunk &&
                 (op.left_chunks < 0 || chunk_of_key >= chunk - op.left_chunks);
    } else {
      may_look = may_look && (op.left < 0 || other >= own - op.left) &&
                 (op.right < 0 || other <= own + op.right);
    }
    if (!may_look) continue;
    range.begin = std::min(range.begin, j);
    range.end = j + 1;
  }
  if (range.end == 0) range.begin = 0;
  return range;
}

/// What one head of one item works on.
struct Head {
  const graph::Attention& op;
  const Array &q, &k, &v;
  const Array* position;
  std::int64_t b, first, width;  ///< first feature of the head, features of it

  std::int64_t queries() const { return q.dim(1); }
  std::int64_t keys() const { return k.dim(1); }
  KeyRange reach(std::int64_t i) const { return keys_in_reach(op, i, queries(), keys(), position); }
  /// Row of the relative tables for query i and key j.
  std::int64_t distance(std::int64_t i, std::int64_t j) const {
    const std::int64_t past = position == nullptr ? 0 : keys() - queries();
    return std::clamp(j - past - i, -op.max_distance, op.max_distance) + op.max_distance;
  }
};

inline void attend(const Head& head, const Arrays& weights, std::int64_t h, Array& context,
                   Array& scores) {
  const bool is_relative = head.op.kind == graph::Attention::Kind::kRelative;
  const Counted factor = 1 / std::sqrt(static_cast<double>(head.width));
  for (std::int64_t i = 0; i < head.queries(); ++i) {
    const KeyRange range = head.reach(i);
    std::vector<Counted> row;
    for (std::int64_t j = range.begin; j < range.end; ++j) {
      Counted sum;
      for (std::int64_t e = 0; e < head.width; ++e) {
        const Counted& query = head.q(head.b, i, head.first + e);
        sum += query * head.k(head.b, j, head.first + e);
        if (is_relative) sum += query * weights[0](head.distance(i, j), e);
      }
      row.push_back(sum * factor);
    }
    row = softmax(row);
    for (std::int64_t e = 0; e < head.width; ++e) {
      Counted sum;
      for (std::int64_t j = range.begin; j < range.end; ++j) {
        const Counted& weight = row[static_cast<std::size_t>(j - range.begin)];
        sum += weight * head.v(head.b, j, head.first + e);
        if (is_relative) sum += weight * weights[1](head.distance(i, j), e);
      }
      context(head.b, i, head.first + e) = sum;
    }
    for (std::int64_t j = range.begin; j < range.end; ++j)
      scores(head.b, h, i, j) = row[static_cast<std::size_t>(j - range.begin)];
  }
}

inline Counted phi(const Counted& x) {
  return activate(graph::Activation::kElu, x) + Counted(1);
}

/// phi(q) (phi(k)^T v) with sums that go on from query to query while they begin at the same key.
inline void attend_linear(const Head& head, Array& context) {
  Array state({head.width, head.width}), norm({head.width});
  KeyRange done{-1, -1};
  for (std::int64_t i = 0; i < head.queries(); ++i) {
    const KeyRange range = head.reach(i);
    if (range.begin != done.begin) {
      state = Array(state.shape);
      norm = Array(norm.shape);
      done = {range.begin, range.begin};
    }
    for (; done.end < range.end; ++done.end) {
      for (std::int64_t d = 0; d < head.width; ++d) {
        const Counted feature = phi(head.k(head.b, done.end, head.first + d));
        norm(d) += feature;
        for (std::int64_t e = 0; e < head.width; ++e)
          state(d, e) += feature * head.v(head.b, done.end, head.first + e);
      }
    }
    std::vector<Counted> features;
    Counted sum;
    for (std::int64_t d = 0; d < head.width; ++d) {
      features.push_back(phi(head.q(head.b, i, head.first + d)));
      sum += features.back() * norm(d);
    }
    const Counted scale = sum + Counted(1e-6);
    for (std::int64_t e = 0; e < head.width; ++e) {
      Counted out;
      for (std::int64_t d = 0; d < head.width; ++d)
        out += features[static_cast<std::size_t>(d)] * state(d, e);
      context(head.b, i, head.first + e) = out / scale;
    }
  }
}

inline Arrays attention(const graph::Attention& op, const Inputs& in, const Arrays& weights) {
  const bool is_linear = op.kind == graph::Attention::Kind::kLinear;
  const Array &q = *in[0], &k = *in[1];
  const std::int64_t width = op.embed_dim / op.num_heads;
  Array context(q.shape);
  Array scores({q.dim(0), is_linear ? 0 : op.num_heads, q.dim(1), k.dim(1)});
  for (std::int64_t b = 0; b < q.dim(0); ++b)
    for (std::int64_t h = 0; h < op.num_heads; ++h) {
      const Head head{op, q, k, *in[2], in.size() > 5 ? in[5] : nullptr, b, h * width, width};
      if (is_linear) {
        attend_linear(head, context);
      } else {
        attend(head, weights, h, context, scores);
      }
    }
  return {context, scores};
}

}  // namespace nest::reference
