#include "infer.h"

namespace nest::graph {

namespace {
constexpr std::int64_t kMostLayersInFiles =
    1024;  // each has its own weights, so a file may not ask for 2^60
}  // namespace

Outputs infer_recurrent(const RecurrentSizes& sizes, const Inputs& inputs) {
  const InputReader reader(inputs);
  reader.expect_count(1, sizes.has_cell ? 3 : 2);
  require(sizes.hidden > 0 && sizes.layers > 0, ErrorCode::kInvalidArgument,
          "hidden size {} and {} layers must be positive", sizes.hidden, sizes.layers);
  require(sizes.layers <= kMostLayersInFiles, ErrorCode::kInvalidArgument,
          "{} layers exceed the limit {}", sizes.layers, kMostLayersInFiles);
  const Value& x = reader.at(0, "x [B, T, D]", 3);
  expect_axis(x, "x", 2, "features", sizes.input);
  require(x.time_axis == 1 || x.time_axis < 0, ErrorCode::kInvalidArgument,
          "time must be axis 1 of '{}', it is axis {}", x.name, x.time_axis);
  const DimShape state{sizes.layers * sizes.directions, x.shape[0], sizes.hidden};
  const auto check_state = [&](std::size_t index, std::string_view role) {
    const Value* value = reader.maybe(index, role, 3);
    require(value == nullptr || value->shape == state, ErrorCode::kInvalidArgument,
            "{} must have shape {}, got {}", role, to_string(state),
            value == nullptr ? "" : to_string(value->shape));
    return value != nullptr;
  };
  const bool has_h0 = check_state(1, "h0");
  if (sizes.has_cell) {
    require(check_state(2, "c0") == has_h0, ErrorCode::kInvalidArgument,
            "h0 and c0 are given together or not at all");
  }
  const DimShape y{x.shape[0], x.shape[1], sizes.hidden * sizes.directions};
  Outputs outputs{{"", DType::kF32, y, x.time_axis}, {".h_n", DType::kF32, state, -1}};
  if (sizes.has_cell) outputs.push_back({".c_n", DType::kF32, state, -1});
  return outputs;
}

Outputs infer_attention(const Attention& op, const Inputs& inputs) {
  const InputReader reader(inputs);
  reader.expect_count(3, 6);
  require(op.num_heads > 0 && op.embed_dim > 0 && op.embed_dim % op.num_heads == 0,
          ErrorCode::kInvalidArgument, "{} heads do not divide {} features", op.num_heads,
          op.embed_dim);
  require(op.max_distance >= 0, ErrorCode::kInvalidArgument, "max_distance {} is negative",
          op.max_distance);
  require(op.chunk == 0 || (op.left < 0 && op.right < 0), ErrorCode::kInvalidArgument,
          "chunks of {} exclude limits to the left ({}) and right ({}); bound left_chunks",
          op.chunk, op.left, op.right);
  const Value& q = reader.at(0, "q [B, Q, D]", 3);
  const Value& k = reader.at(1, "k [B, K, D]", 3);
  const Value& v = reader.at(2, "v [B, K, D]", 3);
  expect_axis(q, "q", 2, "features", op.embed_dim);
  expect_axis(k, "k", 0, "batch", q.shape[0]);
  expect_axis(k, "k", 2, "features", op.embed_dim);
  for (std::size_t axis = 0; axis < 3; ++axis)
    expect_axis(v, "v", axis, "same as k", k.shape[axis]);
  if (const Value* attend = reader.maybe(3, "attend [B, Q, K]", 3, DType::kBool)) {
    expect_axis(*attend, "attend", 0, "batch", q.shape[0]);
    expect_axis(*attend, "attend", 1, "queries", q.shape[1]);
    expect_axis(*attend, "attend", 2, "keys", k.shape[1]);
  }
  if (const Value* padded = reader.maybe(4, "padded [B, K]", 2, DType::kBool)) {
    expect_axis(*padded, "padded", 0, "batch", q.shape[0]);
    expect_axis(*padded, "padded", 1, "keys", k.shape[1]);
  }
  reader.maybe(5, "position []", 0, DType::kI64);
  const Dim heads = op.kind == Attention::Kind::kLinear ? 0 : op.num_heads;
  const int weights_time = q.time_axis == 1 ? 2 : k.time_axis == 1 ? 3 : -1;
  return {{"", DType::kF32, q.shape, q.time_axis},
          {".weights", DType::kF32, {q.shape[0], heads, q.shape[1], k.shape[1]}, weights_time}};
}

Outputs infer_additive(const AdditiveAttention& op, const Inputs& inputs) {
  const InputReader reader(inputs);
  reader.expect_count(3, 5);
  const Value& q = reader.at(0, "q [B, Q, H]", 3);
  const Value& k = reader.at(1, "k [B, K, H]", 3);
  const Value& v = reader.at(2, "v [B, K, Dv]", 3);
  expect_axis(q, "q", 2, "hidden", op.hidden);
  expect_axis(k, "k", 0, "batch", q.shape[0]);
  expect_axis(k, "k", 2, "hidden", op.hidden);
  expect_axis(v, "v", 0, "batch", q.shape[0]);
  expect_axis(v, "v", 1, "keys", k.shape[1]);
  if (const Value* location = reader.maybe(3, "location [B, Q, K, H]", 4)) {
    expect_axis(*location, "location", 0, "batch", q.shape[0]);
    expect_axis(*location, "location", 1, "queries", q.shape[1]);
    expect_axis(*location, "location", 2, "keys", k.shape[1]);
    expect_axis(*location, "location", 3, "hidden", op.hidden);
  }
  if (const Value* attend = reader.maybe(4, "attend [B, Q, K]", 3, DType::kBool)) {
    expect_axis(*attend, "attend", 0, "batch", q.shape[0]);
    expect_axis(*attend, "attend", 1, "queries", q.shape[1]);
    expect_axis(*attend, "attend", 2, "keys", k.shape[1]);
  }
  const int weights_time = q.time_axis == 1 ? 1 : k.time_axis == 1 ? 2 : -1;
  return {{"", DType::kF32, {q.shape[0], q.shape[1], v.shape[2]}, q.time_axis},
          {".weights", DType::kF32, {q.shape[0], q.shape[1], k.shape[1]}, weights_time}};
}

Outputs infer_location(const LocationFeatures& op, const Inputs& inputs) {
  const InputReader reader(inputs);
  reader.expect_count(1, 1);
  require(op.filters > 0 && op.kernel > 0 && op.kernel % 2 == 1, ErrorCode::kInvalidArgument,
          "{} filters of kernel {}: the kernel must be odd, so that every key has one feature",
          op.filters, op.kernel);
  const Value& previous = reader.at(0, "previous [B, Q, K]", 3);
  DimShape shape = previous.shape;
  shape.emplace_back(op.filters);
  return {{"", DType::kF32, std::move(shape), previous.time_axis}};
}

Outputs infer_embedding(const Embedding& op, const Inputs& inputs) {
  const InputReader reader(inputs);
  reader.expect_count(1, 1);
  require(op.vocab_size > 0 && op.features > 0, ErrorCode::kInvalidArgument,
          "a table of {} tokens and {} features", op.vocab_size, op.features);
  const Value& tokens = reader.at(0, "tokens [B, U]", 2, DType::kI64);
  return {{"", DType::kF32, {tokens.shape[0], tokens.shape[1], op.features}, tokens.time_axis}};
}

Outputs infer_count(const CountFrames& op, const Inputs& inputs) {
  const InputReader reader(inputs);
  reader.expect_count(2, 2);
  reader.at(0, "position []", 0, DType::kI64);
  const Value& x = reader.at(1, "x", -1);
  normalize_axis(op.axis, x.shape.size());
  return {{"", DType::kI64, {}, -1}};
}

Outputs infer_positional(const PositionalEncoding& op, const Inputs& inputs) {
  const InputReader reader(inputs);
  reader.expect_count(1, 2);
  const Value& x = reader.at(0, "x [B, T, D]", 3);
  expect_axis(x, "x", 2, "features", op.features);
  require(op.max_len > 0, ErrorCode::kInvalidArgument, "a table of {} positions", op.max_len);
  reader.maybe(1, "offset []", 0, DType::kI64);
  return {{"", DType::kF32, x.shape, x.time_axis}};
}

}  // namespace nest::graph
