#include "runtime/binder.h"

#include "nest/core/error.h"
#include "nest/runtime/int4_choice.h"
#include "nest/runtime/sparse_choice.h"

namespace nest::runtime {
namespace {

/// Of all weights in codes, were they int8.
std::int64_t code_bytes(const Lowered& lowered) {
  std::int64_t bytes = 0;
  for (const LoweredNode& node : lowered.nodes) {
    if (node.is_removed || !graph::is_integer(node.quantization.precision)) continue;
    for (const LoweredWeight& weight : node.weights)
      if (weight.shape.size() > 1) bytes += numel(weight.shape);
  }
  return bytes;
}

using graph::kNoValue;
using graph::ValueId;

struct Emit {
  Binder& binder;
  const LoweredNode& node;

  void operator()(const graph::Conv&) const { emit_conv(binder, node); }
  void operator()(const graph::BatchNorm&) const { emit_channels(binder, node); }
  void operator()(const graph::Pool&) const { emit_channels(binder, node); }
  void operator()(const graph::Activate&) const { emit_rows(binder, node); }
  void operator()(const graph::Glu&) const { emit_rows(binder, node); }
  void operator()(const graph::Linear&) const { emit_linear(binder, node); }
  void operator()(const graph::Lstm&) const { emit_recurrent(binder, node); }
  void operator()(const graph::Gru&) const { emit_recurrent(binder, node); }
  void operator()(const graph::Attention&) const { emit_attention(binder, node); }
  void operator()(const graph::AdditiveAttention&) const { emit_additive(binder, node); }
  void operator()(const graph::LocationFeatures&) const { emit_location(binder, node); }
  void operator()(const graph::LayerNorm&) const { emit_rows(binder, node); }
  void operator()(const graph::Embedding&) const { emit_embedding(binder, node); }
  void operator()(const graph::CountFrames&) const { emit_lookup(binder, node); }
  void operator()(const graph::PositionalEncoding&) const { emit_lookup(binder, node); }
  void operator()(const graph::Add&) const { emit_broadcast(binder, node); }
  void operator()(const graph::Mul&) const { emit_broadcast(binder, node); }
  void operator()(const graph::Scale&) const { emit_rows(binder, node); }
  void operator()(const graph::Concat&) const { emit_layout(binder, node); }
  void operator()(const graph::Permute&) const { emit_layout(binder, node); }
  void operator()(const graph::Slice&) const { emit_layout(binder, node); }
  void operator()(const graph::LogSoftmax&) const { emit_rows(binder, node); }
  void operator()(const graph::Softmax&) const { emit_rows(binder, node); }
  // Views never reach the binder; see lower().
  void operator()(const graph::Dropout&) const { unexpected(); }
  void operator()(const graph::Unsqueeze&) const { unexpected(); }
  void operator()(const graph::Squeeze&) const { unexpected(); }
  [[noreturn]] void unexpected() const {
    fail(ErrorCode::kInternal, "node '{}' ({}) should have become a view", node.name,
         graph::kind_name(node.op));
  }
};

/// True if the op does without its input `index`.
bool may_lack(const graph::Op& op, std::size_t index) {
  if (std::holds_alternative<graph::Lstm>(op) || std::holds_alternative<graph::Gru>(op) ||
      std::holds_alternative<graph::PositionalEncoding>(op))
    return index >= 1;
  return index >= 3 && (std::holds_alternative<graph::Attention>(op) ||
                        std::holds_alternative<graph::AdditiveAttention>(op));
}

void check_inputs(const Binder& binder, const LoweredNode& node) {
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    require(binder.place(node.inputs[i]).slot != kNoSlot || may_lack(node.op, i),
            ErrorCode::kInvalidArgument, "needs its input {}, which was left out", i);
  }
}

void emit(Binder& binder, const LoweredNode& node) {
  check_inputs(binder, node);
  switch (node.kind) {
    case LoweredKind::kOp:
      std::visit(Emit{binder, node}, node.op);
      break;
    case LoweredKind::kSpatialFir:
      emit_spatial_fir(binder, node);
      break;
    case LoweredKind::kDepthwiseTime:
      emit_depthwise_time(binder, node);
      break;
    case LoweredKind::kJoinedLinear:
      emit_linear(binder, node);
      break;
  }
}

}  // namespace

Binder::Binder(const Inputs& in, graph::Bindings bindings, const std::set<std::string>& absent,
               const std::set<std::string>& constant)
    : in_(in), places_(in.lowered.values.size()) {
  program_.bindings = std::move(bindings);
  add_inputs(absent);
  for (const LoweredNode& node : in.lowered.nodes) {
    with_context("layer " + node.name, [&] { emit(*this, node); });
  }
  add_outputs();
  program_.notes = in.lowered.notes;
  mark_constant(program_, constant);
  plan_memory(program_);
}

Program Binder::take() {
  return std::move(program_);
}

Shape Binder::shape(ValueId value) const {
  Shape shape;
  for (const graph::Dim& dim : in_.lowered.values.at(at(value)).shape) {
    shape.push_back(dim.eval(program_.bindings));
    require(shape.back() >= 0, ErrorCode::kInvalidArgument,
            "'{}' would have {} elements on an axis", in_.lowered.values[at(value)].name,
            shape.back());
  }
  return shape;
}

Place Binder::place(ValueId value) const {
  if (value == kNoValue) return {};
  return places_[at(in_.lowered.root(value))];
}

Place Binder::define(ValueId value) {
  const Shape dims = shape(value);
  const auto bytes =
      numel(dims) * static_cast<std::int64_t>(size_of(in_.lowered.values[at(value)].dtype));
  const Place made{program_.add_slot(bytes), 0, dims.empty() ? 1 : dims.back()};
  define_at(value, made);
  return made;
}

void Binder::define_at(ValueId value, const Place& place) {
  places_[at(in_.lowered.root(value))] = place;
}

bool Binder::is_used(ValueId value) const {
  const ValueId root = in_.lowered.root(value);
  for (std::size_t v = 0; v < in_.lowered.uses.size(); ++v) {
    if (in_.lowered.uses[v] > 0 && in_.lowered.root(static_cast<ValueId>(v)) == root) return true;
  }
  return false;
}

ActivationScale Binder::activation(const std::string& name) const {
  ActivationScale made;
  const auto found = in_.activations.find(name);
  if (found != in_.activations.end()) made.fixed = found->second.scale;
  made.observer = in_.observer;
  if (made.observer != nullptr) made.number = made.observer->number_of(name);
  return made;
}

PackedMatrix Binder::matrix(const LoweredNode& node, std::size_t weight, std::string_view role,
                            const Reading& reading) const {
  const LoweredWeight& w = node.weights.at(weight);
  const std::int64_t n = w.shape.at(0), k = n == 0 ? 0 : numel(w.shape) / n;
  const std::string key = node.name + "/" + std::string(role);
  const PackedMatrix made =
      packed_matrix(in_.store, key, node.quantization, n, k, w.values,
                    in_.sparse ? densest_sparse(node.quantization.precision) : 0);
  const bool is_sparse_int8 = made.is_sparse() && made.precision == Precision::kInt8;
  if (!in_.isa || !(made.has_nibbles() || is_sparse_int8)) return made;
  const std::int64_t bytes =
      reading.matrices == 0 ? code_bytes(in_.lowered) : reading.matrices * n * k;
  if (is_sparse_int8) {
    const double most = sparse_break_even(*in_.isa, reading.rows, bytes);
    return made.share() <= most ? made : with_zeros(in_.store, key, made);
  }
  return keeps_int4(*in_.isa, reading.rows, bytes)
             ? made
             : widened(in_.store, key, made, kernels_for(*in_.isa));
}

const float* Binder::floats(const LoweredNode& node, std::size_t weight,
                            std::string_view role) const {
  const LoweredWeight& w = node.weights.at(weight);
  return float_block(in_.store, node.name + "/" + std::string(role), numel(w.shape), w.values,
                     w.keep());
}

void Binder::add_inputs(const std::set<std::string>& absent) {
  for (const graph::Port& port : in_.graph.inputs) {
    ProgramPort made{port.name, kNoSlot, in_.graph.value(port.value).dtype, {}, {}, true};
    made.is_present = !absent.contains(port.name);
    if (made.is_present) {
      made.shape = shape(port.value);
      made.slot = program_.add_slot(
          numel(made.shape) * static_cast<std::int64_t>(size_of(made.dtype)), true);
      define_at(port.value, {made.slot, 0, made.shape.empty() ? 1 : made.shape.back()});
    }
    program_.inputs.push_back(std::move(made));
  }
}

void Binder::add_outputs() {
  for (const graph::Port& port : in_.graph.outputs) {
    const Place where = place(port.value);
    require(where.slot != kNoSlot, ErrorCode::kInternal, "output '{}' is never computed",
            port.name);
    program_.outputs.push_back({port.name, where.slot, in_.graph.value(port.value).dtype,
                                shape(port.value), port.feeds, true});
    program_.pinned[static_cast<std::size_t>(where.slot)] = true;
  }
}

Act act_of(graph::Activation activation) {
  switch (activation) {
    case graph::Activation::kElu:
      return Act::kElu;
    case graph::Activation::kRelu:
      return Act::kRelu;
    case graph::Activation::kGelu:
      return Act::kGelu;
    case graph::Activation::kSilu:
      return Act::kSilu;
    case graph::Activation::kTanh:
      return Act::kTanh;
    case graph::Activation::kSigmoid:
      return Act::kSigmoid;
    case graph::Activation::kSquare:
      return Act::kSquare;
    case graph::Activation::kLog:
      return Act::kLog;
  }
  fail(ErrorCode::kInternal, "unknown activation");
}

Act epilogue_act(const LoweredNode& node) {
  return node.has_activation ? act_of(node.activation) : Act::kNone;
}

}  // namespace nest::runtime
