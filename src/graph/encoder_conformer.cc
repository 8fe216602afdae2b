#include "attention_parts.h"
#include "encoder.h"
#include "nest/core/error.h"

namespace nest::graph {

namespace {

struct BlockSizes {
  Attention attention;
  std::int64_t feedforward = 0;
  std::int64_t kernel = 0;
  Padding padding;
  double dropout = 0;
};

/// x + 0.5 * FF(norm(x))
ValueId half_feedforward(const Scope& block, const std::string& name, const BlockSizes& sizes,
                         ValueId x) {
  const Scope scope = block[name];
  const std::int64_t dim = sizes.attention.embed_dim;
  ValueId y = scope.layer_norm("norm", dim, x);
  y = scope.linear("linear1", {dim, sizes.feedforward, true}, y);
  y = scope.activate("silu", Activation::kSilu, y);
  y = scope.dropout("dropout1", sizes.dropout, y);
  y = scope.linear("linear2", {sizes.feedforward, dim, true}, y);
  y = scope.dropout("dropout2", sizes.dropout, y);
  y = scope.node("half", Scale{0.5}, {y});
  return scope.add("residual", x, y);
}

/// Pointwise, GLU, depthwise, batch norm, SiLU, pointwise.
ValueId convolution(const Scope& scope, const BlockSizes& sizes, ValueId x) {
  const std::int64_t dim = sizes.attention.embed_dim;
  ValueId y = scope.layer_norm("norm", dim, x);
  y = scope.node("by_channel", Permute{{0, 2, 1}}, {y});
  y = scope.conv("pointwise_conv1", {.in_channels = dim, .out_channels = 2 * dim}, y);
  y = scope.node("glu", Glu{1}, {y});
  y = scope.conv("depthwise_conv",
                 {.in_channels = dim,
                  .out_channels = dim,
                  .kernel_t = sizes.kernel,
                  .pad_left = sizes.padding.left,
                  .pad_right = sizes.padding.right,
                  .groups = dim},
                 y);
  y = scope.batch_norm("batch_norm", dim, y);
  y = scope.activate("silu", Activation::kSilu, y);
  y = scope.conv("pointwise_conv2", {.in_channels = dim, .out_channels = dim}, y);
  y = scope.dropout("dropout", sizes.dropout, y);
  y = scope.node("by_frame", Permute{{0, 2, 1}}, {y});
  return scope.add("residual", x, y);
}

ValueId conformer_block(const Scope& scope, const BlockSizes& sizes, ValueId x, ValueId padded) {
  const std::int64_t dim = sizes.attention.embed_dim;
  x = half_feedforward(scope, "ff1", sizes, x);
  const ValueId normed = scope.layer_norm("mha_norm", dim, x);
  const ValueId attended = packed_attention(scope, "mha",
                                            {.op = sizes.attention,
                                             .query = normed,
                                             .key = normed,
                                             .value = normed,
                                             .padded = padded})
                               .output;
  x = scope.add("mha_residual", x, attended);
  x = convolution(scope["conv"], sizes, x);
  x = half_feedforward(scope, "ff2", sizes, x);
  return scope.layer_norm("norm", dim, x);
}

}  // namespace

/// Conformer blocks (Gulati et al. 2020) without relative positions, as in the reference.
Encoder read_conformer(Section& section, Features features, const PartOptions& options) {
  const std::int64_t input = read_input_dim(section, features);
  const std::int64_t dim = section.integer("d_model", {.fallback = 512});
  const std::int64_t heads = read_heads(section, dim);
  const std::int64_t layers = section.integer("num_layers", {.fallback = 6, .most = kMaxLayers});
  const std::int64_t kernel = section.integer("conv_kernel_size", {.fallback = 31});
  require(kernel % 2 == 1, ErrorCode::kDataCorrupt,
          "{}: conv_kernel_size {} must be odd, so that every frame keeps its place",
          section.where(), kernel);
  const double dropout = section.probability("dropout", 0.1);
  const std::int64_t feedforward =
      section.integer("dim_feedforward", {.fallback = 4 * dim, .is_extension = true});
  const AttentionWindow window = read_attention_window(section, options.is_causal);
  const BlockSizes sizes{windowed(dim, heads, dropout, window), feedforward, kernel,
                         time_padding(options.is_causal, kernel, (kernel - 1) / 2), dropout};

  const auto build = [=](const Scope& scope, ValueId x, ValueId padded) -> EncoderResult {
    x = scope.linear("input_proj", {input, dim, true}, x);
    for (std::int64_t i = 0; i < layers; ++i) {
      x = conformer_block(scope["conformer_blocks." + std::to_string(i)], sizes, x, padded);
    }
    return {x, {}};
  };
  return {input, dim, true, build};
}

}  // namespace nest::graph
