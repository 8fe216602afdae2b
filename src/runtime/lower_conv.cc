#include "runtime/lower.h"

/// Rewrites of the convolutional front ends. All are exact in real arithmetic.
namespace nest::runtime {
namespace {

using graph::Conv;
using graph::ValueId;

/// The node that makes `value`, if nothing else uses it.
LoweredNode* sole_producer(Lowered& lowered, ValueId value) {
  const ValueId made = lowered.root(value);
  int uses = 0;
  for (std::size_t i = 0; i < lowered.uses.size(); ++i) {
    if (lowered.root(static_cast<ValueId>(i)) == made) uses += lowered.uses[i];
  }
  const int index = lowered.producer(made);
  return uses == 1 && index >= 0 ? &lowered.nodes[at(index)] : nullptr;
}

/// Temporal filters on every electrode alone.
bool is_temporal(const Conv& c) {
  return c.is_2d && c.in_channels == 1 && c.kernel_s == 1 && c.stride_t == 1 && c.dilation_t == 1;
}
/// One weighting of all electrodes for each filter.
bool is_spatial(const Conv& c) {
  return c.is_2d && c.groups == c.in_channels && c.kernel_t == 1 && c.kernel_s > 1 &&
         c.stride_t == 1 && c.pad_left == 0 && c.pad_right == 0;
}

LoweredNode reordered(const LoweredNode& temporal, const LoweredNode& spatial) {
  const auto& first = std::get<Conv>(temporal.op);
  const auto& second = std::get<Conv>(spatial.op);
  const std::int64_t out = second.out_channels, each = out / second.groups;
  const std::int64_t electrodes = second.kernel_s, kernel = first.kernel_t;
  LoweredNode node = spatial;
  node.kind = LoweredKind::kSpatialFir;
  node.op = first;
  node.inputs = temporal.inputs;
  const LazyFloats mix = spatial.weights[0].values, taps = temporal.weights[0].values;
  const LazyFloats bias1 = first.has_bias ? temporal.weights[1].values : LazyFloats();
  const LazyFloats bias2 = second.has_bias ? spatial.weights[1].values : LazyFloats();
  node.weights = {{{out, electrodes}, mix, spatial.weights[0].unrounded},
                  {{out, kernel},
                   [=] {
                     const auto u = taps();
                     std::vector<float> w;
                     for (std::int64_t o = 0; o < out; ++o)
                       w.insert(w.end(), u.begin() + o / each * kernel,
                                u.begin() + (o / each + 1) * kernel);
                     return w;
                   },
                   temporal.weights[0].unrounded},
                  {{out}, [=] {
                     std::vector<float> b = bias2 ? bias2() : std::vector<float>(at(out), 0.0f);
                     if (!bias1) return b;
                     const auto v = mix(), b1 = bias1();
                     for (std::int64_t o = 0; o < out; ++o) {
                       double sum = 0;
                       for (std::int64_t s = 0; s < electrodes; ++s)
                         sum += static_cast<double>(v[at(o * electrodes + s)]);
                       b[at(o)] += static_cast<float>(sum * static_cast<double>(b1[at(o / each)]));
                     }
                     return b;
                   }}};
  return node;
}

}  // namespace

void reorder_spatial_filters(Lowered& lowered) {
  for (LoweredNode& node : lowered.nodes) {
    const auto* spatial = std::get_if<Conv>(&node.op);
    if (node.is_removed || spatial == nullptr || !is_spatial(*spatial)) continue;
    LoweredNode* first = sole_producer(lowered, node.inputs[0]);
    if (first == nullptr || !std::holds_alternative<Conv>(first->op)) continue;
    const auto& temporal = std::get<Conv>(first->op);
    const graph::Dim& electrodes = lowered.values[at(first->inputs[0])].shape[2];
    if (!is_temporal(temporal) || temporal.out_channels != spatial->in_channels ||
        !electrodes.is_constant() || electrodes.constant() != spatial->kernel_s)
      continue;
    lowered.notes.push_back("reordered: " + node.name + " before " + first->name);
    first->is_removed = true;
    node = reordered(*first, node);
  }
}

void pool_before_activation(Lowered& lowered) {
  for (LoweredNode& node : lowered.nodes) {
    const auto* pool = std::get_if<graph::Pool>(&node.op);
    if (pool == nullptr || pool->kind != graph::Pool::Kind::kMax) continue;
    LoweredNode* before = sole_producer(lowered, node.inputs[0]);
    const auto* act = before == nullptr ? nullptr : std::get_if<graph::Activate>(&before->op);
    if (act == nullptr ||
        (act->function != graph::Activation::kElu && act->function != graph::Activation::kRelu))
      continue;
    // Both functions never fall, so the largest of the activated is the activated largest.
    lowered.notes.push_back("moved " + before->name + " behind " + node.name);
    node.inputs[0] = before->inputs[0];
    node.activation = act->function;
    node.has_activation = true;
    before->is_removed = true;
  }
}

}  // namespace nest::runtime
