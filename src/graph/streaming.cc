#include "nest/graph/streaming.h"

#include <algorithm>
#include <numeric>

#include "nest/core/error.h"
#include "nest/graph/frames.h"

namespace nest::graph {

namespace {

/// Walks a whole graph once and adds each node's streaming form to the step.
class StepBuilder {
 public:
  explicit StepBuilder(const Graph& whole)
      : whole_(whole), made_(whole.values.size(), kNoValue), spans_(frame_spans(whole)) {
    step_.graph.name = whole.name + "_step";
  }

  StreamingStep build() {
    add_inputs();
    for (const Node& node : whole_.nodes) {
      node_ = &node;
      with_context(
          fmt::format("graph '{}': node '{}' ({})", whole_.name, node.name, kind_name(node.op)),
          [&] { std::visit([&](const auto& op) { add(op); }, node.op); });
    }
    for (const Port& port : whole_.outputs) {
      require(port.feeds.empty(), ErrorCode::kUnsupported,
              "graph '{}' has explicit state already: it is a step", whole_.name);
      graph().add_output(port.name, made(port.value));
    }
    add_count();
    for (Port& state : states_) graph().outputs.push_back(std::move(state));
    return std::move(step_);
  }

 private:
  Graph& graph() { return step_.graph; }
  ValueId made(ValueId whole) const {
    return whole == kNoValue ? kNoValue : made_[static_cast<std::size_t>(whole)];
  }
  /// Samples for one position of a value's time axis; 0 if it has none.
  std::int64_t samples(ValueId whole) const {
    return whole == kNoValue ? 0 : spans_[static_cast<std::size_t>(whole)].samples;
  }
  ValueId input(std::size_t index) const {
    return index < node_->inputs.size() ? node_->inputs[index] : kNoValue;
  }

  // --- ports ------------------------------------------------------------------------------------

  void add_inputs() {
    measure();
    for (const Port& port : whole_.inputs) {
      const Value& value = whole_.value(port.value);
      if (samples(port.value) == 0) {
        require(port.is_optional, ErrorCode::kUnsupported,
                "graph '{}': input '{}' has no time axis, so it has no place in a stream",
                whole_.name, port.name);
        continue;
      }
      DimShape shape = value.shape;
      shape[static_cast<std::size_t>(value.time_axis)] =
          Dim(step_.samples_per_frame) * Dim::symbol("N");
      made_[static_cast<std::size_t>(port.value)] =
          graph().add_input(port.name, value.dtype, std::move(shape));
    }
  }

  /// The common multiple of every value's samples: what one frame takes.
  void measure() {
    int timed = 0;
    for (const Port& port : whole_.inputs) {
      if (!port.is_optional && samples(port.value) > 0) ++timed;
    }
    require(timed == 1, ErrorCode::kUnsupported,
            "graph '{}' has {} inputs over time; a stream feeds exactly one", whole_.name, timed);
    for (const FrameSpan& span : spans_) {
      step_.samples_per_frame =
          std::lcm(step_.samples_per_frame, std::max<std::int64_t>(1, span.samples));
    }
  }

  ValueId add_state(const std::string& name, DType dtype, DimShape shape) {
    return graph().add_input(name, dtype, std::move(shape), -1, true);
  }
  void keep_state(const std::string& name, ValueId next) {
    states_.push_back({name + "_next", next, false, name});
  }

  /// The last `length` positions along `axis` before x, joined with x; the next ones become state.
  ValueId remember(const std::string& what, ValueId x, int axis, std::int64_t length) {
    if (length == 0) return x;
    const std::string name = node_->name + "." + what;
    DimShape shape = graph().value(x).shape;
    shape[static_cast<std::size_t>(axis)] = length;
    const ValueId before = add_state(name, graph().value(x).dtype, std::move(shape));
    const ValueId joined = graph().add_node(name + "_joined", Concat{axis}, {before, x})[0];
    keep_state(name, graph().add_node(name + "_next", Slice{axis, -length, 0}, {joined})[0]);
    return joined;
  }

  /// Frames before this step, for a node whose input x is over time.
  ValueId position(ValueId x) {
    if (position_ == kNoValue) {
      position_ = add_state("position", DType::kI64, {});
      position_samples_ = samples(x);
    }
    require(samples(x) == position_samples_, ErrorCode::kUnsupported,
            "counts frames of {} samples, an earlier node frames of {}", samples(x),
            position_samples_);
    return position_;
  }
  /// Counts on an output: another reader of an inner value could stop a runtime from fusing it.
  void add_count() {
    if (position_ == kNoValue) return;
    const auto counted = std::find_if(whole_.outputs.begin(), whole_.outputs.end(), [&](auto& p) {
      return samples(p.value) == position_samples_;
    });
    require(counted != whole_.outputs.end(), ErrorCode::kUnsupported,
            "graph '{}' has no output with one frame for {} samples, which its positions count",
            whole_.name, position_samples_);
    const int axis = whole_.value(counted->value).time_axis;
    keep_state("position", graph().add_node("position_next", CountFrames{axis},
                                            {position_, made(counted->value)})[0]);
  }

  // --- nodes ------------------------------------------------------------------------------------

  void add_as(Op op, std::vector<ValueId> inputs) {
    const auto results =
        graph().add_node(node_->name, std::move(op), std::move(inputs), node_->weights);
    for (std::size_t i = 0; i < results.size(); ++i) {
      made_[static_cast<std::size_t>(node_->outputs[i])] = results[i];
    }
  }
  /// Every position by itself: the same node again.
  void add_unchanged() {
    std::vector<ValueId> inputs;
    for (const ValueId id : node_->inputs) inputs.push_back(made(id));
    add_as(node_->op, std::move(inputs));
  }

  void add(const Conv& op) {
    const std::int64_t span = (op.kernel_t - 1) * op.dilation_t;
    const std::int64_t ahead = std::max(op.pad_right, span - op.pad_left - (op.stride_t - 1));
    require(ahead <= 0, ErrorCode::kUnsupported,
            "looks {} positions ahead ({} of padding before, {} after the signal); build the model "
            "with causal: true",
            ahead, op.pad_left, op.pad_right);
    require(op.pad_left <= span, ErrorCode::kUnsupported,
            "has {} positions of padding but looks back on {}", op.pad_left, span);
    const ValueId x = made(input(0));
    Conv step = op;
    step.pad_left = 0;
    if (op.is_2d || op.pad_left == 0) {
      add_as(step, {remember("history", x, op.is_2d ? 3 : 2, op.pad_left)});
      return;
    }
    // Joined frame by frame, so that a runtime that works frame by frame needs no transposition.
    ValueId y = graph().add_node(node_->name + ".by_frame", Permute{{0, 2, 1}}, {x})[0];
    y = remember("history", y, 1, op.pad_left);
    add_as(step, {graph().add_node(node_->name + ".by_channel", Permute{{0, 2, 1}}, {y})[0]});
  }

  void add(const Pool& op) {
    const Value& x = whole_.value(input(0));
    const bool is_over_time = x.time_axis == static_cast<int>(x.shape.size()) - 1;
    require(!is_over_time || op.kernel == op.stride, ErrorCode::kUnsupported,
            "pools windows of {} every {} positions; a stream needs windows side by side",
            op.kernel, op.stride);
    add_unchanged();
  }

  template <class O>
  void add_recurrent(const O& op, const std::vector<std::string>& names) {
    require(
        !op.bidirectional, ErrorCode::kUnsupported,
        "is bidirectional: it reads the signal from its end; build the model with causal: true");
    require(node_->inputs.size() == 1, ErrorCode::kUnsupported, "has a start state of its own");
    const DimShape shape{op.num_layers, graph().value(made(input(0))).shape[0], op.hidden_size};
    std::vector<ValueId> inputs{made(input(0))};
    for (const std::string& name : names) {
      inputs.push_back(add_state(node_->name + "." + name, DType::kF32, shape));
    }
    add_as(op, std::move(inputs));
    for (std::size_t i = 0; i < names.size(); ++i) {
      keep_state(node_->name + "." + names[i], made(node_->outputs[i + 1]));
    }
  }
  void add(const Lstm& op) { add_recurrent(op, {"h", "c"}); }
  void add(const Gru& op) { add_recurrent(op, {"h"}); }

  /// Frames to the left that a query may need.
  std::int64_t look_back(const Attention& op) const {
    const bool is_chunked = op.chunk > 0;
    require(is_chunked || op.right == 0, ErrorCode::kUnsupported,
            "{}; build the model with causal: true",
            op.right < 0 ? "attends to every later frame"
                         : fmt::format("attends {} frames ahead", op.right));
    require((is_chunked ? op.left_chunks : op.left) >= 0, ErrorCode::kUnsupported,
            "attends to every earlier frame, so its state would grow without end; set {}",
            is_chunked ? "attention_left_chunks" : "attention_left");
    return is_chunked ? op.left_chunks * op.chunk : op.left;
  }

  void add(const Attention& op) {
    require(made(input(3)) == kNoValue && made(input(4)) == kNoValue, ErrorCode::kUnsupported,
            "takes a mask of its own");
    const std::int64_t period = samples(input(0));
    require(period > 0 && samples(input(1)) == period && samples(input(2)) == period,
            ErrorCode::kUnsupported, "attends to another sequence");
    const std::int64_t back = look_back(op);
    if (op.chunk > 0) {
      const std::int64_t whole = std::lcm(op.chunk * period, step_.samples_per_frame);
      step_.frame_multiple = std::lcm(step_.frame_multiple, whole / step_.samples_per_frame);
    }
    const ValueId before = position(input(0));
    const ValueId k = remember("keys", made(input(1)), 1, back);
    const ValueId v = remember("values", made(input(2)), 1, back);
    add_as(op, {made(input(0)), k, v, kNoValue, kNoValue, before});
  }

  void add(const PositionalEncoding& op) {
    require(input(1) == kNoValue, ErrorCode::kUnsupported, "has an offset of its own");
    add_as(op, {made(input(0)), position(input(0))});
  }

  void add(const Slice& op) {
    const Value& x = whole_.value(input(0));
    const int axis = op.axis < 0 ? op.axis + static_cast<int>(x.shape.size()) : op.axis;
    if (axis == x.time_axis) refuse();
    add_unchanged();
  }
  void add(const AdditiveAttention&) { refuse(); }
  void add(const LocationFeatures&) { refuse(); }
  [[noreturn]] void refuse() const {
    fail(ErrorCode::kUnsupported, "has no streaming form: it needs the whole sequence");
  }
  template <class O>
  void add(const O&) {
    add_unchanged();
  }

  const Graph& whole_;
  StreamingStep step_;
  std::vector<ValueId> made_;     ///< by value of the whole graph
  std::vector<FrameSpan> spans_;  ///< by value of the whole graph
  const Node* node_ = nullptr;
  std::vector<Port> states_;
  ValueId position_ = kNoValue;
  std::int64_t position_samples_ = 0;
};

}  // namespace

StreamingStep make_streaming_step(const Graph& graph) {
  StreamingStep step = StepBuilder(graph).build();
  validate(step.graph);
  return step;
}

bool is_streamable(const Model& model) {
  const auto encoder = model.graphs.find("encoder");
  if (encoder == model.graphs.end()) return false;
  try {
    make_streaming_step(encoder->second);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kUnsupported) return false;
    throw;
  }
  return true;
}

StreamingStep add_streaming_step(Model& model) {
  StreamingStep step = make_streaming_step(model.graph("encoder"));
  model.graphs.insert_or_assign(step.graph.name, step.graph);
  return step;
}

}  // namespace nest::graph
