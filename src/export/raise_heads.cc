#include <cmath>

#include "nest/core/error.h"
#include "raise.h"

/// Attention of several heads: two products of values with a softmax between, where heads are parts
/// of the last axis.
namespace nest::exports {
namespace {

/// A projection seen as heads: [.., rows, head size], or with the last two the other way round.
struct HeadLayout {
  std::int64_t heads = 1;
  std::int64_t size = 0;
  std::vector<Atom> before;  ///< batch and heads, in order
};

/// Batch and heads of all axes but the last two. The axes of the base are [B, T, D].
HeadLayout heads_of(const graph::Graph& graph, const View& x, bool is_transposed) {
  require(x.axes.size() >= 3 && graph.value(x.base).shape.size() == 3, ErrorCode::kUnsupported,
          "a product of two values of {} axes is no attention", x.axes.size());
  const AtomGroup& rows = x.axes[x.axes.size() - (is_transposed ? 1 : 2)];
  const AtomGroup& columns = x.axes[x.axes.size() - (is_transposed ? 2 : 1)];
  const auto time = whole_axis(graph, x, rows);
  const bool is_head = columns.size() == 1 && columns[0].axis == 2 && columns[0].inner == 1 &&
                       columns[0].size.is_constant();
  require((time == 1 || (rows.empty() && graph.value(x.base).shape[1] == graph::Dim(1))) && is_head,
          ErrorCode::kUnsupported, "a product of {} with another value is no attention",
          to_string(shape_of(x)));
  HeadLayout made;
  made.size = columns[0].size.constant();
  for (std::size_t i = 0; i + 2 < x.axes.size(); ++i)
    made.before.insert(made.before.end(), x.axes[i].begin(), x.axes[i].end());
  for (const Atom& atom : made.before) {
    if (atom.axis == 2) made.heads *= atom.size.constant();
    require(atom.axis == 0 || (atom.axis == 2 && atom.inner == made.size), ErrorCode::kUnsupported,
            "a product of {} with another value is no attention", to_string(shape_of(x)));
  }
  return made;
}

void scores(Raise& at, const OnnxNode& node, const View& q, const View& k) {
  const HeadLayout of_q = heads_of(at.graph(), q, false), of_k = heads_of(at.graph(), k, true);
  require(of_q.before == of_k.before && of_q.size == of_k.size, ErrorCode::kUnsupported,
          "queries and keys have other heads");
  at.set(node, HeadScores{q.base, k.base, of_q.heads, q.scale * k.scale});
}

/// Softmax of the scores times values: all of it is one node.
void context(Raise& at, const OnnxNode& node, const HeadScores& s, const View& v) {
  require(s.is_softmax, ErrorCode::kUnsupported, "attention without softmax");
  const HeadLayout of_v = heads_of(at.graph(), v, false);
  const std::int64_t features = s.heads * of_v.size;
  const graph::DimShape& q_shape = at.graph().value(s.q).shape;
  require(of_v.heads == s.heads && q_shape[2] == graph::Dim(features), ErrorCode::kUnsupported,
          "values have other heads than queries and keys");
  View q = whole_view(at.graph(), s.q);
  q.scale = s.scale * std::sqrt(static_cast<double>(of_v.size));
  if (std::fabs(q.scale - 1) < 1e-5) q.scale = 1;
  View values = whole_view(at.graph(), v.base);
  values.scale = v.scale;
  at.emit(node, graph::Attention{.embed_dim = features, .num_heads = s.heads},
          {at.value(q, node), s.k, at.value(values, node)});
  // As the product has it: [B * heads, Q, size] or [B, heads, Q, size].
  const View whole = std::get<View>(at.edge(node.outputs[0]));
  View made{whole.base, v.axes, 1};
  made.axes[v.axes.size() - 2] = whole.axes[1];
  at.set(node, made);
}

}  // namespace

void follow_heads(Raise& at, const OnnxNode& node) {
  if (const auto* weights = std::get_if<HeadScores>(&at.input(node, 0))) {
    const HeadScores copy = *weights;
    return context(at, node, copy, at.view(node, 1));
  }
  scores(at, node, at.view(node, 0), at.view(node, 1));
}

}  // namespace nest::exports
