#include "front_end.h"
#include "nest/core/error.h"

namespace nest::graph {

namespace {

constexpr std::int64_t kKernel = 10;

/// The width of the first block; the last yields four times as many features.
///
/// The constructor knows `n_filters`. The specification's file says `out_channels: 128` and
/// `num_filters: 64`: out_channels fixes the width (n_filters = out_channels / 4 = 32, which its
/// encoder's input_size and the published parameter counts confirm), and num_filters must then be
/// the width of one of the three blocks (32, 64 or 128). Alone, num_filters is n_filters.
std::int64_t read_filters(Section& section) {
  const Config out = section.config().get("out_channels");
  const Config width = section.config().get("num_filters");
  const Config filters = section.config().get("n_filters");
  section.allow("out_channels");
  section.allow("num_filters");
  if (out.is_null()) {
    return section.integer("n_filters", {.aliases = {"num_filters"}, .fallback = 25});
  }
  const std::int64_t features = out.as_int();
  require(features >= 4 && features % 4 == 0 && features <= std::int64_t{1} << 20,
          ErrorCode::kDataCorrupt, "{}: DeepConvNet yields 4 * n_filters features, which {} is not",
          out.location(), features);
  const std::int64_t first = features / 4;
  if (!width.is_null()) {
    const std::int64_t stated = width.as_int();
    require(stated == first || stated == 2 * first || stated == 4 * first, ErrorCode::kDataCorrupt,
            "{}: {} is not the width of a block: out_channels {} makes blocks of {}, {} and {}",
            width.location(), stated, features, first, 2 * first, 4 * first);
  }
  require(filters.is_null() || filters.as_int() == first, ErrorCode::kDataCorrupt,
          "{}: contradicts out_channels {} = 4 * n_filters",
          filters.is_null() ? "" : filters.location(), features);
  section.allow("n_filters");
  section.record("n_filters", first);
  return first;
}

}  // namespace

/// Deep ConvNet (Schirrmeister et al. 2017) with the spatial convolution first, as in the
/// reference.
FrontEnd read_deep_conv_net(Section& section, const PartOptions& options) {
  const std::int64_t channels = read_channels(section, options);
  const std::int64_t filters = read_filters(section);
  // The specification's file states `kernel_size: 3`, which is the pooling window; every
  // convolution has 10 taps, as its parameter counts confirm.
  const std::int64_t window = section.integer(
      "pool_size", {.aliases = {"kernel_size"}, .fallback = 3, .is_extension = true});
  const double dropout = section.probability("dropout", 0.5);
  const Padding padding = time_padding(options.is_causal, kKernel, 0);

  const auto build = [=](const Scope& scope, ValueId x) {
    x = scope.conv("conv1",
                   {.in_channels = 1, .out_channels = filters, .kernel_s = channels, .is_2d = true},
                   x);
    std::int64_t width = filters;
    for (int block = 1; block <= 3; ++block) {
      const std::int64_t next = block == 1 ? filters : 2 * width;
      const std::string number = std::to_string(block);
      x = scope.conv("conv" + std::to_string(block + 1),
                     {.in_channels = width,
                      .out_channels = next,
                      .kernel_t = kKernel,
                      .pad_left = padding.left,
                      .pad_right = padding.right,
                      .is_2d = true},
                     x);
      x = scope.batch_norm("bn" + number, next, x);
      x = scope.activate("elu" + number, Activation::kElu, x);
      x = scope.node("pool" + number, Pool{Pool::Kind::kMax, window, window}, {x});
      x = scope.dropout("dropout" + number, dropout, x);
      width = next;
    }
    return scope.node("features", Squeeze{2}, {x});
  };
  return {channels, 4 * filters, 0, build};
}

}  // namespace nest::graph
