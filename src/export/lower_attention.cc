#include <cmath>

#include "attention_mask.h"
#include "lowering.h"
#include "nest/core/error.h"

/// Dot-product attention of every kind.
namespace nest::exports {

namespace {

using graph::Attention;

/// Attention in the making; heads are axis 1: [B, H, Q or K, features of a head].
struct Heads {
  const Lowering& at;
  const Attention& op;
  std::int64_t width;
  AttentionMask mask;

  Heads(const Lowering& at, const Attention& op)
      : at(at), op(op), width(op.embed_dim / op.num_heads), mask(at, op) {}

  OnnxBuilder& onnx() const { return at.onnx; }
  std::string split(std::size_t input, std::vector<std::int64_t> order) const {
    return onnx().transpose(onnx().reshape(at.input(input), {0, 0, op.num_heads, width}),
                            std::move(order));
  }
  std::string by_row(std::size_t input) const { return split(input, {0, 2, 1, 3}); }
  std::string by_column(std::size_t input) const { return split(input, {0, 2, 3, 1}); }
  /// [B, H, Q, width] -> [B, Q, D]
  std::string merged(const std::string& context) const {
    return onnx().reshape(onnx().transpose(context, {0, 2, 1, 3}), {0, 0, op.embed_dim});
  }
};

/// Rows of a relative table by query and key: [Q, K, width].
std::string relative_rows(const Heads& heads, std::size_t table) {
  OnnxBuilder& onnx = heads.onnx();
  const std::int64_t most = heads.op.max_distance;
  std::string distance = heads.mask.distance();
  const auto bounded = [&](const std::string& is_beyond, std::int64_t limit) {
    distance = onnx.add("Where", {is_beyond, onnx.integer(limit), distance});
  };
  bounded(onnx.add("Less", {distance, onnx.integer(-most)}), -most);
  bounded(onnx.add("Greater", {distance, onnx.integer(most)}), most);
  return onnx.add("Gather",
                  {heads.at.weight_edge(table), onnx.add("Add", {distance, onnx.integer(most)})},
                  {attribute("axis", std::int64_t{0})});
}

/// x [B, H, Q, a] times rows [Q, a, b], query by query.
std::string by_query(OnnxBuilder& onnx, const std::string& x, const std::string& rows) {
  return onnx.squeeze(onnx.add("MatMul", {onnx.unsqueeze(x, {3}), rows}), {3});
}

Names dot_product(const Heads& heads) {
  OnnxBuilder& onnx = heads.onnx();
  const bool is_relative = heads.op.kind == Attention::Kind::kRelative;
  const std::string factor = onnx.number(1 / std::sqrt(static_cast<double>(heads.width)));
  const std::string query = onnx.add("Mul", {heads.by_row(0), factor});
  std::string scores = onnx.add("MatMul", {query, heads.by_column(1)});
  if (is_relative) {
    const std::string keys = onnx.transpose(relative_rows(heads, 0), {0, 2, 1});
    scores = onnx.add("Add", {scores, by_query(onnx, query, keys)});
  }
  const std::string weights =
      masked_softmax(onnx, scores, heads.mask.edge(), heads.mask.may_be_empty());
  std::string context = onnx.add("MatMul", {weights, heads.by_row(2)});
  if (is_relative)
    context = onnx.add("Add", {context, by_query(onnx, weights, relative_rows(heads, 1))});
  return {heads.merged(context), weights};
}

/// phi(q) (phi(k)^T v) where nothing is masked; where something is, (phi(q) phi(k)^T) v with zeros
/// in the masked places, which is the same sum in another order.
std::string linear(const Heads& heads) {
  constexpr double kEps = 1e-6;  // the contract of Attention::Kind::kLinear
  OnnxBuilder& onnx = heads.onnx();
  const auto phi = [&](const std::string& x) {
    return onnx.add("Add", {onnx.add("Elu", {x}), onnx.number(1)});
  };
  const std::string query = phi(heads.by_row(0)), key = phi(heads.by_column(1));
  const std::string value = heads.by_row(2);
  std::string context, total;
  if (const std::string mask = heads.mask.edge(); mask.empty()) {
    context = onnx.add("MatMul", {query, onnx.add("MatMul", {key, value})});
    total = onnx.add("MatMul", {query, onnx.sum(key, 3)});
  } else {
    const std::string pairs =
        onnx.add("Mul", {onnx.add("MatMul", {query, key}), onnx.cast(mask, onnx.dialect().number)});
    context = onnx.add("MatMul", {pairs, value});
    total = onnx.sum(pairs, 3);
  }
  return heads.merged(onnx.add("Div", {context, onnx.add("Add", {total, onnx.number(kEps)})}));
}

/// Linear attention has no weights: [B, 0, Q, K].
std::string no_weights(const Lowering& at) {
  OnnxBuilder& onnx = at.onnx;
  const auto length = [&](std::size_t input, std::int64_t axis) {
    return onnx.unsqueeze(onnx.length(at.input(input), axis), {0});
  };
  const std::string shape =
      onnx.concat({length(0, 0), onnx.integers({0}), length(0, 1), length(1, 1)}, 0);
  return onnx.add("ConstantOfShape", {shape}, {{"value", Tensor(onnx.dialect().number, {1})}});
}

}  // namespace

Names lower(const Lowering& at, const Attention& op) {
  const Heads heads(at, op);
  if (op.kind != Attention::Kind::kLinear) return dot_product(heads);
  return {linear(heads), at.is_used_at(1) ? no_weights(at) : ""};
}

}  // namespace nest::exports
