#include <algorithm>

#include "runtime/lower.h"

/// Rewrites around matrix products.
namespace nest::runtime {
namespace {

using graph::ValueId;

bool is_swap(const LoweredNode& node) {
  const auto* permute = std::get_if<graph::Permute>(&node.op);
  return permute != nullptr && permute->order == std::vector<int>{0, 2, 1};
}

/// The only node that reads `value`, -1 if there are more or it leaves the graph.
int sole_consumer(const Lowered& lowered, ValueId value) {
  int found = -1, uses = 0;
  for (std::size_t v = 0; v < lowered.uses.size(); ++v) {
    if (lowered.root(static_cast<ValueId>(v)) == lowered.root(value)) uses += lowered.uses[v];
  }
  if (uses != 1) return -1;
  for (std::size_t i = 0; i < lowered.nodes.size(); ++i) {
    const LoweredNode& node = lowered.nodes[i];
    if (node.is_removed) continue;
    for (const ValueId input : node.inputs) {
      if (input != graph::kNoValue && lowered.root(input) == lowered.root(value))
        found = static_cast<int>(i);
    }
  }
  return found;
}

bool is_pointwise(const graph::Conv& conv) {
  return conv.groups == 1 && conv.kernel_t == 1 && conv.pad_left == 0 && conv.pad_right == 0;
}

bool works_time_major(const LoweredNode& node) {
  if (const auto* glu = std::get_if<graph::Glu>(&node.op)) return glu->axis == 1;
  if (std::holds_alternative<graph::Activate>(node.op)) return true;
  const auto* conv = std::get_if<graph::Conv>(&node.op);
  if (conv == nullptr || conv->is_2d || conv->stride_t != 1 || conv->dilation_t != 1) return false;
  const bool is_depthwise =
      conv->groups == conv->in_channels && conv->out_channels == conv->in_channels;
  return is_pointwise(*conv) || is_depthwise;
}

void make_time_major(LoweredNode& node) {
  if (auto* glu = std::get_if<graph::Glu>(&node.op)) {
    glu->axis = 2;
    return;
  }
  const auto* conv = std::get_if<graph::Conv>(&node.op);
  if (conv == nullptr) return;
  if (is_pointwise(*conv)) {
    node.weights[0].shape = {conv->out_channels, conv->in_channels};
    node.op = graph::Linear{conv->in_channels, conv->out_channels, conv->has_bias};
    // Its packed matrix holds the codes.
    if (node.weights[0].unrounded)
      node.weights[0].values = std::exchange(node.weights[0].unrounded, {});
    return;
  }
  node.kind = LoweredKind::kDepthwiseTime;
  const std::int64_t channels = conv->in_channels, kernel = conv->kernel_t;
  const LazyFloats old = node.weights[0].values;
  node.weights[0].shape = {kernel, channels};
  node.weights[0].values = [=] {
    const auto w = old();
    std::vector<float> turned(w.size());
    for (std::int64_t c = 0; c < channels; ++c)
      for (std::int64_t k = 0; k < kernel; ++k)
        turned[static_cast<std::size_t>(k * channels + c)] =
            w[static_cast<std::size_t>(c * kernel + k)];
    return turned;
  };
}

void swap_axes(graph::Value& value) {
  std::swap(value.shape.at(1), value.shape.at(2));
  if (value.time_axis > 0) value.time_axis = 3 - value.time_axis;
}

/// A value that is made by node `index` and read before node `limit`.
bool is_ready(const Lowered& lowered, ValueId value, int limit) {
  return lowered.producer(lowered.root(value)) < limit;
}

bool takes_epilogue(const LoweredNode& node) {
  return node.kind == LoweredKind::kSpatialFir || node.kind == LoweredKind::kDepthwiseTime ||
         std::holds_alternative<graph::Linear>(node.op) ||
         std::holds_alternative<graph::Conv>(node.op);
}

bool same_shape(const Lowered& lowered, ValueId a, ValueId b) {
  return lowered.values[at(a)].shape == lowered.values[at(b)].shape;
}

/// Takes over the output of `next`, which is removed.
void absorb(Lowered& lowered, LoweredNode& node, LoweredNode& next, std::string_view how) {
  lowered.notes.push_back("fused " + next.name + " into " + node.name + " (" + std::string(how) +
                          ")");
  lowered.same_as[at(node.outputs[0])] = next.outputs[0];
  node.outputs = next.outputs;
  next.is_removed = true;
}

bool fuse_next(Lowered& lowered, int index) {
  LoweredNode& node = lowered.nodes[static_cast<std::size_t>(index)];
  const int consumer = sole_consumer(lowered, node.outputs[0]);
  if (consumer < 0 || node.residual != graph::kNoValue) return false;
  LoweredNode& next = lowered.nodes[static_cast<std::size_t>(consumer)];
  const bool is_linear = std::holds_alternative<graph::Linear>(node.op);
  if (const auto* act = std::get_if<graph::Activate>(&next.op)) {
    if (node.has_activation || node.alpha != 1) return false;
    node.activation = act->function;
    node.has_activation = true;
    absorb(lowered, node, next, "activation");
    return true;
  }
  if (const auto* scale = std::get_if<graph::Scale>(&next.op); scale != nullptr && is_linear) {
    node.alpha *= scale->factor;
    absorb(lowered, node, next, "factor");
    return true;
  }
  if (std::holds_alternative<graph::Add>(next.op) && is_linear) {
    const bool is_first = lowered.root(next.inputs[0]) == lowered.root(node.outputs[0]);
    const ValueId other = next.inputs[is_first ? 1 : 0];
    if (other == graph::kNoValue || !is_ready(lowered, other, index) ||
        lowered.root(other) == lowered.root(node.outputs[0]) ||
        !same_shape(lowered, other, node.outputs[0]) ||
        !same_shape(lowered, other, next.outputs[0]))
      return false;
    node.residual = other;
    absorb(lowered, node, next, "residual");
    return true;
  }
  return false;
}

}  // namespace

void use_time_major(Lowered& lowered) {
  for (std::size_t first = 0; first < lowered.nodes.size(); ++first) {
    LoweredNode& begin = lowered.nodes[first];
    if (begin.is_removed || !is_swap(begin)) continue;
    std::vector<int> chain;
    int next = sole_consumer(lowered, begin.outputs[0]);
    while (next >= 0 && works_time_major(lowered.nodes[static_cast<std::size_t>(next)])) {
      chain.push_back(next);
      next = sole_consumer(lowered, lowered.nodes[static_cast<std::size_t>(next)].outputs[0]);
    }
    if (chain.empty() || next < 0) continue;
    LoweredNode& end = lowered.nodes[static_cast<std::size_t>(next)];
    if (!is_swap(end)) continue;
    lowered.notes.push_back("time-major: " + begin.name + " to " + end.name);
    for (std::size_t v = 0; v < lowered.values.size(); ++v) {
      if (lowered.root(static_cast<ValueId>(v)) == begin.outputs[0]) swap_axes(lowered.values[v]);
    }
    lowered.same_as[at(begin.outputs[0])] = lowered.root(begin.inputs[0]);
    for (std::size_t v = 0; v < lowered.values.size(); ++v) {
      const ValueId root = lowered.root(static_cast<ValueId>(v));
      for (const int i : chain) {
        if (root == lowered.nodes[static_cast<std::size_t>(i)].outputs[0])
          swap_axes(lowered.values[v]);
      }
    }
    for (const int i : chain) make_time_major(lowered.nodes[static_cast<std::size_t>(i)]);
    LoweredNode& last = lowered.nodes[static_cast<std::size_t>(chain.back())];
    lowered.same_as[at(last.outputs[0])] = end.outputs[0];
    last.outputs = end.outputs;
    begin.is_removed = end.is_removed = true;
  }
}

void fuse_epilogues(Lowered& lowered) {
  for (std::size_t i = 0; i < lowered.nodes.size(); ++i) {
    if (lowered.nodes[i].is_removed || !takes_epilogue(lowered.nodes[i])) continue;
    while (fuse_next(lowered, static_cast<int>(i))) {
    }
  }
}

void join_projections(Lowered& lowered) {
  // Attention and concatenation read slices of a wider product.
  const auto takes_slice = [&](const LoweredNode& node) {
    const int consumer = sole_consumer(lowered, node.outputs[0]);
    if (consumer < 0) return false;
    const graph::Op& op = lowered.nodes[static_cast<std::size_t>(consumer)].op;
    return std::holds_alternative<graph::Attention>(op) ||
           std::holds_alternative<graph::Concat>(op);
  };
  const auto can_join = [&](const LoweredNode& node) {
    const auto* linear = std::get_if<graph::Linear>(&node.op);
    return !node.is_removed && linear != nullptr && linear->has_bias && !node.has_activation &&
           node.alpha == 1 && node.residual == graph::kNoValue && linear->out_features % 16 == 0 &&
           node.kind == LoweredKind::kOp && takes_slice(node) &&
           node.quantization.granularity != graph::Granularity::kPerTensor;
  };
  for (std::size_t i = 0; i < lowered.nodes.size(); ++i) {
    LoweredNode& node = lowered.nodes[i];
    if (!can_join(node)) continue;
    for (std::size_t j = i + 1; j < lowered.nodes.size(); ++j) {
      LoweredNode& other = lowered.nodes[j];
      if (!can_join(other) || lowered.root(other.inputs[0]) != lowered.root(node.inputs[0]) ||
          other.quantization != node.quantization ||
          other.activation_scale != node.activation_scale)
        continue;
      for (std::size_t w = 0; w < 2; ++w) {
        const LazyFloats a = node.weights[w].values, b = other.weights[w].values;
        node.weights[w].shape[0] += other.weights[w].shape[0];
        node.weights[w].values = [a, b] {
          auto joined = a();
          const auto more = b();
          joined.insert(joined.end(), more.begin(), more.end());
          return joined;
        };
      }
      node.kind = LoweredKind::kJoinedLinear;
      node.outputs.push_back(other.outputs[0]);
      other.is_removed = true;
      lowered.notes.push_back("joined " + other.name + " with " + node.name);
    }
    if (node.kind == LoweredKind::kJoinedLinear) {
      std::get<graph::Linear>(node.op).out_features = node.weights[0].shape[0];
    }
  }
}

void fuse_norms(Lowered& lowered) {
  for (LoweredNode& norm : lowered.nodes) {
    const auto* op = std::get_if<graph::LayerNorm>(&norm.op);
    if (norm.is_removed || op == nullptr) continue;
    const int consumer = sole_consumer(lowered, norm.outputs[0]);
    if (consumer < 0) continue;
    LoweredNode& linear = lowered.nodes[static_cast<std::size_t>(consumer)];
    if (!std::holds_alternative<graph::Linear>(linear.op) ||
        lowered.root(linear.inputs[0]) != lowered.root(norm.outputs[0]))
      continue;
    linear.inputs[0] = norm.inputs[0];
    linear.weights.insert(linear.weights.end(), norm.weights.begin(), norm.weights.end());
    linear.has_norm = true;
    linear.norm_eps = op->eps;
    norm.is_removed = true;
    lowered.notes.push_back("fused " + norm.name + " into " + linear.name + " (layer norm)");
  }
}

}  // namespace nest::runtime
