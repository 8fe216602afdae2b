#include "nest/graph/frames.h"

#include <algorithm>
#include <concepts>

#include "infer.h"
#include "nest/core/error.h"

namespace nest::graph {

namespace {

template <class O, class... Kinds>
concept OneOf = (std::same_as<O, Kinds> || ...);

constexpr std::string_view kEncoderOutput = "encoder_output";

/// What every input of a node together sees; the node's own reach is added by kind.
struct Reach {
  const Graph& graph;
  const Node& node;
  FrameSpan span;

  void window(std::int64_t before, std::int64_t after) {
    span.begin -= before * span.samples;
    span.end += after * span.samples;
  }
  bool is_over_time(std::size_t input, int axis) const {
    const Value& x = graph.value(node.inputs.at(input));
    return normalize_axis(axis, x.shape.size()) == x.time_axis;
  }

  void operator()(const Conv& op) {
    window(op.pad_left, (op.kernel_t - 1) * op.dilation_t - op.pad_left);
    span.samples *= op.stride_t;
  }
  void operator()(const Pool& op) {
    if (!is_over_time(0, -1)) return;
    window(0, op.kernel - 1);
    span.samples *= op.stride;
  }
  template <OneOf<Lstm, Gru> O>
  void operator()(const O& op) {
    span.sees_all_before = true;
    span.sees_all_after = span.sees_all_after || op.bidirectional;
  }
  void operator()(const Attention& op) {
    const bool is_chunked = op.chunk > 0;
    const std::int64_t within = op.chunk - 1;
    const std::int64_t left = !is_chunked           ? op.left
                              : op.left_chunks >= 0 ? op.left_chunks * op.chunk + within
                                                    : -1;
    const std::int64_t right = is_chunked ? within : op.right;
    span.sees_all_before = span.sees_all_before || left < 0;
    span.sees_all_after = span.sees_all_after || right < 0;
    window(std::max<std::int64_t>(0, left), std::max<std::int64_t>(0, right));
  }
  void operator()(const AdditiveAttention&) { span.sees_all_before = span.sees_all_after = true; }
  void operator()(const LocationFeatures& op) { window(op.kernel / 2, op.kernel / 2); }
  void operator()(const Slice& op) {
    if (is_over_time(0, op.axis)) window(-op.begin, op.begin);
  }
  template <OneOf<BatchNorm, Activate, Glu, Dropout, Linear, LayerNorm, Embedding, CountFrames,
                  PositionalEncoding, Add, Mul, Scale, Concat, Permute, Unsqueeze, Squeeze,
                  LogSoftmax, Softmax>
                O>
  void operator()(const O&) {}
};

FrameSpan union_of(const FrameSpan& a, const FrameSpan& b) {
  if (a.samples == 0) return b;
  if (b.samples == 0) return a;
  require(a.samples == b.samples, ErrorCode::kUnsupported,
          "has inputs of one position in {} and in {} samples", a.samples, b.samples);
  return {a.samples, std::min(a.begin, b.begin), std::max(a.end, b.end),
          a.sees_all_before || b.sees_all_before, a.sees_all_after || b.sees_all_after};
}

const Value& timed_output(const Graph& graph, std::string_view output) {
  const Value& value = graph.value(graph.output(output).value);
  require(value.time_axis >= 0, ErrorCode::kUnsupported,
          "output '{}' of graph '{}' has no time axis", output, graph.name);
  return value;
}

}  // namespace

std::vector<FrameSpan> frame_spans(const Graph& graph) {
  std::vector<FrameSpan> spans(graph.values.size());
  const auto at = [&](ValueId id) -> FrameSpan& { return spans.at(static_cast<std::size_t>(id)); };
  for (const Port& port : graph.inputs) {
    if (graph.value(port.value).time_axis >= 0) at(port.value).samples = 1;
  }
  for (const Node& node : graph.nodes) {
    with_context(fmt::format("graph '{}': node '{}'", graph.name, node.name), [&] {
      Reach reach{graph, node, {}};
      for (const ValueId id : node.inputs) {
        if (id != kNoValue) reach.span = union_of(reach.span, at(id));
      }
      if (reach.span.samples == 0) return;
      std::visit(reach, node.op);
      for (const ValueId id : node.outputs) {
        if (graph.value(id).time_axis >= 0) at(id) = reach.span;
      }
    });
  }
  return spans;
}

FrameSpan frame_span(const Graph& graph, std::string_view output) {
  timed_output(graph, output);
  return frame_spans(graph).at(static_cast<std::size_t>(graph.output(output).value));
}

std::int64_t num_frames(const Graph& graph, std::string_view output, std::int64_t samples) {
  const Value& frames = timed_output(graph, output);
  const Bindings bindings{{"T", samples}};
  // A padded layer makes frames of nothing, so what comes before it counts as well.
  for (const Value& value : graph.values) {
    if (value.time_axis < 0) continue;
    if (value.shape[static_cast<std::size_t>(value.time_axis)].eval(bindings) < 1) return 0;
  }
  return frames.shape[static_cast<std::size_t>(frames.time_axis)].eval(bindings);
}

FrameSpan frame_span(const Model& model) {
  return frame_span(model.graph("encoder"), kEncoderOutput);
}

std::int64_t num_frames(const Model& model, std::int64_t samples) {
  return num_frames(model.graph("encoder"), kEncoderOutput, samples);
}

std::int64_t samples_per_frame(const Model& model) {
  return frame_span(model).samples;
}

std::int64_t min_samples(const Model& model, std::int64_t frames) {
  require(frames >= 1, ErrorCode::kInvalidArgument, "{} frames: at least one", frames);
  std::int64_t high = 1;
  while (num_frames(model, high) < frames) high *= 2;
  std::int64_t low = high / 2;
  while (low + 1 < high) {
    const std::int64_t middle = low + (high - low) / 2;
    (num_frames(model, middle) < frames ? low : high) = middle;
  }
  return high;
}

}  // namespace nest::graph
