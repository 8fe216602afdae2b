#include "front_end.h"

namespace nest::graph {

/// EEGNet (Lawhern et al. 2018) with kernels of half a second and 16 samples.
FrontEnd read_eegnet(Section& section, const PartOptions& options) {
  const std::int64_t channels = read_channels(section, options);
  const std::int64_t rate_hz = section.integer(
      "sampling_rate", {.fallback = 500, .forced = options.forced_rate_hz, .least = 2});
  const std::int64_t temporal = section.integer("n_temporal_filters", {.fallback = 8});
  const std::int64_t depth = section.integer("depth_multiplier", {.fallback = 2});
  const std::int64_t pointwise =
      section.integer("n_pointwise_filters", {.aliases = {"out_channels"}, .fallback = 16});
  const double dropout = section.probability("dropout", 0.5);
  const bool is_causal = options.is_causal;

  const auto build = [=](const Scope& scope, ValueId x) {
    const std::int64_t kernel = rate_hz / 2;
    const std::int64_t spatial = temporal * depth;
    const Padding first = time_padding(is_causal, kernel, kernel / 2);
    x = scope.conv("block1_conv",
                   {.in_channels = 1,
                    .out_channels = temporal,
                    .kernel_t = kernel,
                    .pad_left = first.left,
                    .pad_right = first.right,
                    .has_bias = false,
                    .is_2d = true},
                   x);
    x = scope.batch_norm("block1_bn", temporal, x);
    x = scope.conv("block1_depthwise",
                   {.in_channels = temporal,
                    .out_channels = spatial,
                    .kernel_s = channels,
                    .groups = temporal,
                    .has_bias = false,
                    .is_2d = true},
                   x);
    x = scope.batch_norm("block1_depthwise_bn", spatial, x);
    x = scope.activate("block1_elu", Activation::kElu, x);
    x = scope.node("block1_pool", Pool{Pool::Kind::kMean, 4, 4}, {x});
    x = scope.dropout("block1_dropout", dropout, x);
    const Padding second = time_padding(is_causal, 16, 8);
    x = scope.conv("block2_separable1",
                   {.in_channels = spatial,
                    .out_channels = spatial,
                    .kernel_t = 16,
                    .pad_left = second.left,
                    .pad_right = second.right,
                    .groups = spatial,
                    .has_bias = false,
                    .is_2d = true},
                   x);
    x = scope.conv(
        "block2_separable2",
        {.in_channels = spatial, .out_channels = pointwise, .has_bias = false, .is_2d = true}, x);
    x = scope.batch_norm("block2_bn", pointwise, x);
    x = scope.activate("block2_elu", Activation::kElu, x);
    x = scope.node("block2_pool", Pool{Pool::Kind::kMean, 8, 8}, {x});
    x = scope.dropout("block2_dropout", dropout, x);
    return scope.node("features", Squeeze{2}, {x});
  };
  return {channels, pointwise, static_cast<double>(rate_hz), build};
}

}  // namespace nest::graph
