#pragma once

#include "nest/graph/op.h"
#include "reference/array.h"
#include "reference/node_rows.h"

/// Additive attention, by definition.
namespace nest::reference {

inline Arrays additive_attention(const graph::AdditiveAttention& op, const Inputs& in,
                                 const Arrays& weights) {
  const Array &q = *in[0], &k = *in[1], &v = *in[2];
  const Array* location = in.size() > 3 ? in[3] : nullptr;
  Array context({q.dim(0), q.dim(1), v.dim(2)}), scores({q.dim(0), q.dim(1), k.dim(1)});
  for_each_index({q.dim(0), q.dim(1)}, [&](const std::vector<std::int64_t>& at) {
    const std::int64_t b = at[0], i = at[1];
    std::vector<Counted> row;
    for (std::int64_t j = 0; j < k.dim(1); ++j) {
      Counted energy;
      for (std::int64_t d = 0; d < op.hidden; ++d) {
        Counted sum = q(b, i, d) + k(b, j, d);
        if (location != nullptr) sum += (*location)(b, i, j, d);
        energy += weights[0](0, d) * tanh(sum);
      }
      row.push_back(energy);
    }
    row = softmax(row);
    for (std::int64_t d = 0; d < v.dim(2); ++d) {
      Counted sum;
      for (std::int64_t j = 0; j < k.dim(1); ++j)
        sum += row[static_cast<std::size_t>(j)] * v(b, j, d);
      context(b, i, d) = sum;
    }
    for (std::int64_t j = 0; j < k.dim(1); ++j) scores(b, i, j) = row[static_cast<std::size_t>(j)];
  });
  return {context, scores};
}

}  // namespace nest::reference
