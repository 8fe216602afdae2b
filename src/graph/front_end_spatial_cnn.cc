#include "front_end.h"

namespace nest::graph {

/// Temporal filters, one spatial filter for each, then a separable convolution. Reference:
/// SpatialCNN.
FrontEnd read_spatial_cnn(Section& section, const PartOptions& options) {
  const std::int64_t channels = read_channels(section, options);
  const std::int64_t temporal = section.integer("n_temporal_filters", {.fallback = 8});
  const std::int64_t kernel = section.integer("temporal_kernel_size", {.fallback = 64});
  const std::int64_t spatial =
      section.integer("n_spatial_filters", {.aliases = {"out_channels"}, .fallback = 16});
  const double dropout = section.probability("dropout", 0.5);
  const std::int64_t pool = section.integer("pool_size", {.fallback = 4});
  const bool is_causal = options.is_causal;

  const auto build = [=](const Scope& scope, ValueId x) {
    const Padding first = time_padding(is_causal, kernel, kernel / 2);
    x = scope.conv("temporal_conv",
                   {.in_channels = 1,
                    .out_channels = temporal,
                    .kernel_t = kernel,
                    .pad_left = first.left,
                    .pad_right = first.right,
                    .has_bias = false,
                    .is_2d = true},
                   x);
    x = scope.batch_norm("temporal_bn", temporal, x);
    x = scope.conv("spatial_conv",
                   {.in_channels = temporal,
                    .out_channels = temporal,
                    .kernel_s = channels,
                    .groups = temporal,
                    .has_bias = false,
                    .is_2d = true},
                   x);
    x = scope.batch_norm("spatial_bn", temporal, x);
    x = scope.activate("spatial_elu", Activation::kElu, x);
    x = scope.node("pool1", Pool{Pool::Kind::kMean, pool, pool}, {x});
    x = scope.dropout("dropout1", dropout, x);
    x = scope.conv(
        "pointwise_conv",
        {.in_channels = temporal, .out_channels = spatial, .has_bias = false, .is_2d = true}, x);
    const Padding second = time_padding(is_causal, 16, 8);
    x = scope.conv("depthwise_conv",
                   {.in_channels = spatial,
                    .out_channels = spatial,
                    .kernel_t = 16,
                    .pad_left = second.left,
                    .pad_right = second.right,
                    .groups = spatial,
                    .has_bias = false,
                    .is_2d = true},
                   x);
    x = scope.batch_norm("separable_bn", spatial, x);
    x = scope.activate("separable_elu", Activation::kElu, x);
    x = scope.node("pool2", Pool{Pool::Kind::kMean, pool, pool}, {x});
    x = scope.dropout("dropout2", dropout, x);
    return scope.node("features", Squeeze{2}, {x});
  };
  return {channels, spatial, 0, build};
}

}  // namespace nest::graph
