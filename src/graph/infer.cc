#include "infer.h"

#include <variant>

namespace nest::graph {

void InputReader::expect_count(std::size_t least, std::size_t most) const {
  require(inputs_.size() >= least && inputs_.size() <= most, ErrorCode::kInvalidArgument,
          "expects {} inputs, got {}",
          least == most ? std::to_string(least) : fmt::format("{} to {}", least, most),
          inputs_.size());
}

const Value* InputReader::maybe(std::size_t index, std::string_view role, int rank,
                                DType dtype) const {
  const Value* value = index < inputs_.size() ? inputs_[index] : nullptr;
  if (value == nullptr) return nullptr;
  require(value->dtype == dtype, ErrorCode::kInvalidArgument, "{} must be {}, '{}' is {}", role,
          name_of(dtype), value->name, name_of(value->dtype));
  require(rank < 0 || static_cast<int>(value->shape.size()) == rank, ErrorCode::kInvalidArgument,
          "{} must have {} axes, '{}' has shape {}", role, rank, value->name,
          to_string(value->shape));
  return value;
}

const Value& InputReader::at(std::size_t index, std::string_view role, int rank,
                             DType dtype) const {
  const Value* value = maybe(index, role, rank, dtype);
  require(value != nullptr, ErrorCode::kInvalidArgument, "input {} ({}) is missing", index, role);
  return *value;
}

void expect_axis(const Value& value, std::string_view role, std::size_t axis, std::string_view what,
                 const Dim& expected) {
  require(value.shape.at(axis) == expected, ErrorCode::kInvalidArgument,
          "{} '{}' has shape {}: axis {} ({}) must be {}", role, value.name, to_string(value.shape),
          axis, what, expected.text());
}

int normalize_axis(int axis, std::size_t rank) {
  const int count = static_cast<int>(rank);
  require(axis >= -count && axis < count, ErrorCode::kInvalidArgument,
          "axis {} is out of range for {} axes", axis, count);
  return axis < 0 ? axis + count : axis;
}

Outputs infer_conv(const Conv& op, const Inputs& inputs) {
  const InputReader reader(inputs);
  reader.expect_count(1, 1);
  require(op.in_channels > 0 && op.out_channels > 0 && op.kernel_s > 0 && op.kernel_t > 0 &&
              op.stride_t > 0 && op.dilation_t > 0 && op.groups > 0 && op.pad_left >= 0 &&
              op.pad_right >= 0,
          ErrorCode::kInvalidArgument,
          "channels, kernel, stride, dilation and groups must be positive, padding not negative");
  require(op.in_channels % op.groups == 0 && op.out_channels % op.groups == 0,
          ErrorCode::kInvalidArgument, "{} groups must divide {} input and {} output channels",
          op.groups, op.in_channels, op.out_channels);
  require(op.is_2d || op.kernel_s == 1, ErrorCode::kInvalidArgument,
          "a convolution over 3 axes has kernel_s 1, got {}", op.kernel_s);
  const Value& x = reader.at(0, op.is_2d ? "x [B, C, S, T]" : "x [B, C, T]", op.is_2d ? 4 : 3);
  expect_axis(x, "x", 1, "channels", op.in_channels);
  const std::size_t last = x.shape.size() - 1;
  require(x.time_axis < 0 || x.time_axis == static_cast<int>(last), ErrorCode::kInvalidArgument,
          "time must be the last axis of '{}', it is axis {}", x.name, x.time_axis);
  DimShape shape = x.shape;
  shape[1] = op.out_channels;
  if (op.is_2d) shape[2] = shape[2] - op.kernel_s + 1;
  shape[last] = (shape[last] + op.pad_left + op.pad_right - op.dilation_t * (op.kernel_t - 1) - 1) /
                    op.stride_t +
                1;
  require(!op.is_2d || !shape[2].is_constant() || shape[2].constant() > 0,
          ErrorCode::kInvalidArgument, "kernel of {} electrodes is larger than {} in '{}'",
          op.kernel_s, x.shape[2].text(), x.name);
  return {{"", DType::kF32, std::move(shape), x.time_axis}};
}

namespace {

Outputs same(const Value& x) {
  return {{"", x.dtype, x.shape, x.time_axis}};
}

const Value& only(const Inputs& inputs, int rank = -1) {
  const InputReader reader(inputs);
  reader.expect_count(1, 1);
  const Value& x = reader.at(0, "x", rank);
  require(!x.shape.empty(), ErrorCode::kInvalidArgument, "'{}' has no axes", x.name);
  return x;
}

struct Inferrer {
  const Inputs& inputs;

  Outputs operator()(const Conv& op) const { return infer_conv(op, inputs); }
  Outputs operator()(const BatchNorm& op) const {
    const Value& x = only(inputs);
    require(x.shape.size() >= 2, ErrorCode::kInvalidArgument,
            "'{}' has shape {}: needs a channel axis 1", x.name, to_string(x.shape));
    expect_axis(x, "x", 1, "channels", op.channels);
    return same(x);
  }
  Outputs operator()(const Pool& op) const {
    const Value& x = only(inputs);
    require(op.kernel > 0 && op.stride > 0, ErrorCode::kInvalidArgument,
            "pooling window {} and stride {} must be positive", op.kernel, op.stride);
    DimShape shape = x.shape;
    shape.back() = (shape.back() - op.kernel) / op.stride + 1;
    return {{"", x.dtype, std::move(shape), x.time_axis}};
  }
  Outputs operator()(const Activate&) const { return same(only(inputs)); }
  Outputs operator()(const Glu& op) const {
    const Value& x = only(inputs);
    const auto axis = static_cast<std::size_t>(normalize_axis(op.axis, x.shape.size()));
    require(x.shape[axis].is_constant() && x.shape[axis].constant() % 2 == 0,
            ErrorCode::kInvalidArgument, "axis {} of '{}' must have an even length, shape is {}",
            axis, x.name, to_string(x.shape));
    DimShape shape = x.shape;
    shape[axis] = shape[axis].constant() / 2;
    return {{"", x.dtype, std::move(shape), x.time_axis}};
  }
  Outputs operator()(const Dropout& op) const {
    require(op.p >= 0 && op.p < 1, ErrorCode::kInvalidArgument,
            "dropout probability {} is not in [0, 1)", op.p);
    return same(only(inputs));
  }
  Outputs operator()(const Linear& op) const {
    const Value& x = only(inputs);
    const std::size_t last = x.shape.size() - 1;
    expect_axis(x, "x", last, "features", op.in_features);
    require(op.out_features > 0, ErrorCode::kInvalidArgument, "{} output features",
            op.out_features);
    DimShape shape = x.shape;
    shape[last] = op.out_features;
    return {{"", x.dtype, std::move(shape), x.time_axis}};
  }
  Outputs operator()(const Lstm& op) const {
    return infer_recurrent(
        {op.input_size, op.hidden_size, op.num_layers, op.bidirectional ? 2 : 1, true}, inputs);
  }
  Outputs operator()(const Gru& op) const {
    return infer_recurrent(
        {op.input_size, op.hidden_size, op.num_layers, op.bidirectional ? 2 : 1, false}, inputs);
  }
  Outputs operator()(const Attention& op) const { return infer_attention(op, inputs); }
  Outputs operator()(const AdditiveAttention& op) const { return infer_additive(op, inputs); }
  Outputs operator()(const LocationFeatures& op) const { return infer_location(op, inputs); }
  Outputs operator()(const LayerNorm& op) const {
    const Value& x = only(inputs);
    expect_axis(x, "x", x.shape.size() - 1, "features", op.features);
    return same(x);
  }
  Outputs operator()(const Embedding& op) const { return infer_embedding(op, inputs); }
  Outputs operator()(const CountFrames& op) const { return infer_count(op, inputs); }
  Outputs operator()(const PositionalEncoding& op) const { return infer_positional(op, inputs); }
  Outputs operator()(const Add&) const { return infer_broadcast(inputs); }
  Outputs operator()(const Mul&) const { return infer_broadcast(inputs); }
  Outputs operator()(const Scale&) const { return same(only(inputs)); }
  Outputs operator()(const Concat& op) const { return infer_concat(op, inputs); }
  Outputs operator()(const Permute& op) const { return infer_permute(op, inputs); }
  Outputs operator()(const Unsqueeze& op) const { return infer_unsqueeze(op, inputs); }
  Outputs operator()(const Squeeze& op) const { return infer_squeeze(op, inputs); }
  Outputs operator()(const Slice& op) const { return infer_slice(op, inputs); }
  Outputs operator()(const LogSoftmax&) const { return softmax(); }
  Outputs operator()(const Softmax&) const { return softmax(); }

  Outputs softmax() const {
    const Value& x = only(inputs);
    require(x.time_axis != static_cast<int>(x.shape.size()) - 1, ErrorCode::kInvalidArgument,
            "softmax over the time axis of '{}' would count padding", x.name);
    return same(x);
  }
};

}  // namespace

std::vector<Inferred> infer(const Op& op, const std::vector<const Value*>& inputs) {
  return std::visit(Inferrer{inputs}, op);
}

}  // namespace nest::graph
