#include <cmath>

#include "attention_parts.h"
#include "encoder.h"
#include "nest/core/error.h"

namespace nest::graph {

namespace {

struct LayerSizes {
  Attention attention;
  std::int64_t feedforward = 0;
  double dropout = 0;
};

/// torch.nn.TransformerEncoderLayer: norm after each residual, ReLU.
ValueId transformer_layer(const Scope& scope, const LayerSizes& sizes, ValueId x, ValueId padded) {
  const std::int64_t dim = sizes.attention.embed_dim;
  ValueId y =
      packed_attention(scope, "self_attn",
                       {.op = sizes.attention, .query = x, .key = x, .value = x, .padded = padded})
          .output;
  y = scope.dropout("dropout1", sizes.dropout, y);
  x = scope.layer_norm("norm1", dim, scope.add("residual1", x, y));
  y = scope.linear("linear1", {dim, sizes.feedforward, true}, x);
  y = scope.activate("relu", Activation::kRelu, y);
  y = scope.dropout("dropout", sizes.dropout, y);
  y = scope.linear("linear2", {sizes.feedforward, dim, true}, y);
  y = scope.dropout("dropout2", sizes.dropout, y);
  return scope.layer_norm("norm2", dim, scope.add("residual2", x, y));
}

}  // namespace

/// Input projection times sqrt(d_model), sinusoidal positions, post-norm layers (Vaswani et al.
/// 2017).
Encoder read_transformer(Section& section, Features features, const PartOptions& options) {
  const std::int64_t input = read_input_dim(section, features);
  const std::int64_t dim = section.integer("d_model", {.fallback = 512});
  require(dim % 2 == 0, ErrorCode::kDataCorrupt,
          "{}: d_model {} must be even (sine and cosine positions)", section.where(), dim);
  const std::int64_t heads = read_heads(section, dim);
  const std::int64_t layers = section.integer("num_layers", {.fallback = 6, .most = kMaxLayers});
  const std::int64_t feedforward = section.integer("dim_feedforward", {.fallback = 2048});
  const double dropout = section.probability("dropout", 0.1);
  const std::int64_t max_len = section.integer("max_len", {.fallback = 5000, .is_extension = true});
  const AttentionWindow window = read_attention_window(section, options.is_causal);
  const LayerSizes sizes{windowed(dim, heads, dropout, window), feedforward, dropout};

  const auto build = [=](const Scope& scope, ValueId x, ValueId padded) -> EncoderResult {
    x = scope.linear("input_proj", {input, dim, true}, x);
    x = scope.node("input_scale", Scale{std::sqrt(static_cast<double>(dim))}, {x});
    x = scope.module("pos_encoder", PositionalEncoding{max_len, dim}, {x}, {"pe"}).front();
    x = scope.dropout("pos_encoder.dropout", dropout, x);
    for (std::int64_t i = 0; i < layers; ++i) {
      const Scope layer = scope["transformer_encoder.layers." + std::to_string(i)];
      x = transformer_layer(layer, sizes, x, padded);
    }
    return {x, {}};
  };
  return {input, dim, true, build};
}

}  // namespace nest::graph
