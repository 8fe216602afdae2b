#include <cmath>
#include <numbers>

#include "front_end.h"
#include "nest/core/error.h"

namespace nest::graph {

namespace {

/// Frequencies in hertz, ascending is not required. Errors: DataCorrupt.
std::vector<double> read_frequencies(Section& section, std::int64_t rate_hz) {
  section.allow("frequencies_hz");
  const Config list = section.config().at("frequencies_hz");
  const std::vector<double> frequencies_hz = list.as_doubles();
  require(!frequencies_hz.empty() && frequencies_hz.size() <= 256, ErrorCode::kDataCorrupt,
          "{}: {} frequencies; 1 to 256 are possible", list.location(), frequencies_hz.size());
  for (const double hz : frequencies_hz) {
    require(hz > 0 && 2 * hz < static_cast<double>(rate_hz), ErrorCode::kDataCorrupt,
            "{}: {} Hz is not between 0 and half the sampling rate {} Hz", list.location(), hz,
            rate_hz);
  }
  section.record("frequencies_hz", frequencies_hz);
  return frequencies_hz;
}

/// Cosine and sine under a Hann window, of unit norm: [2 F, 1, 1, kernel].
Tensor gabor_bank(const std::vector<double>& frequencies_hz, double rate_hz, std::int64_t kernel) {
  const auto filters = static_cast<std::int64_t>(2 * frequencies_hz.size());
  Tensor bank(DType::kF32, {filters, 1, 1, kernel});
  const std::span<float> values = bank.mutable_data<float>();
  for (std::int64_t f = 0; f < filters; ++f) {
    const double step =
        2 * std::numbers::pi * frequencies_hz[static_cast<std::size_t>(f / 2)] / rate_hz;
    std::vector<double> row(static_cast<std::size_t>(kernel));
    double energy = 0;
    for (std::int64_t t = 0; t < kernel; ++t) {
      const double position = static_cast<double>(t);
      const double window = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * (position + 0.5) /
                                                 static_cast<double>(kernel));
      double& tap = row[static_cast<std::size_t>(t)];
      tap = window * (f % 2 == 0 ? std::cos(step * position) : std::sin(step * position));
      energy += tap * tap;
    }
    for (std::int64_t t = 0; t < kernel; ++t) {
      values[static_cast<std::size_t>(f * kernel + t)] =
          static_cast<float>(row[static_cast<std::size_t>(t)] / std::sqrt(energy));
    }
  }
  return bank;
}

Tensor ones(const Shape& shape) {
  Tensor tensor(DType::kF32, shape);
  for (float& value : tensor.mutable_data<float>()) value = 1;
  return tensor;
}

struct Sizes {
  std::int64_t channels, bands, kernel, stride, pool, spatial;
  double dropout;
  Padding padding;
  bool is_trainable;
};

/// A convolution without bias whose weight is trained, or a buffer named "bank".
ValueId bank(const Scope& scope, const std::string& name, Conv op, bool is_trainable, ValueId x) {
  op.has_bias = false;
  op.is_2d = true;
  return scope.module(name, op, {x}, {is_trainable ? "weight" : "bank"}).front();
}

ValueId build(const Sizes& s, const Scope& scope, ValueId x) {
  x = bank(scope, "temporal",
           {.in_channels = 1,
            .out_channels = 2 * s.bands,
            .kernel_t = s.kernel,
            .stride_t = s.stride,
            .pad_left = s.padding.left,
            .pad_right = s.padding.right},
           s.is_trainable, x);
  x = scope.activate("square", Activation::kSquare, x);
  x = bank(scope, "quadrature",
           {.in_channels = 2 * s.bands, .out_channels = s.bands, .groups = s.bands}, false, x);
  x = scope.node("pool", Pool{Pool::Kind::kMean, s.pool, s.pool}, {x});
  ValueId total = bank(
      scope, "electrodes",
      {.in_channels = s.bands, .out_channels = s.bands, .kernel_s = s.channels, .groups = s.bands},
      false, x);
  total = scope.activate("total_log", Activation::kLog, total);
  total = scope.batch_norm("total_bn", s.bands, total);
  x = scope.activate("log", Activation::kLog, x);
  x = scope.batch_norm("bn", s.bands, x);
  x = scope.dropout("dropout", s.dropout, x);
  x = scope.conv(
      "spatial",
      {.in_channels = s.bands, .out_channels = s.spatial, .kernel_s = s.channels, .is_2d = true},
      x);
  x = scope.node("concat", Concat{1}, {x, total});
  return scope.node("features", Squeeze{2}, {x});
}

}  // namespace

/// Band power at chosen frequencies, for evoked responses whose frequencies are known (SSVEP).
///
/// Quadrature Gabor filters, squared and summed to power, averaged over `pool_size` strides, and
/// the logarithm taken per electrode and summed over electrodes. As a log-power front end it
/// follows Shallow ConvNet (Schirrmeister et al. 2017); the fixed filters follow the band-power
/// tradition of SSVEP decoding. Features: n_spatial_filters mixtures of all (band, electrode) log
/// powers, then one total log power a band. Made for windows of unit power (signal/window_norm.h).
FrontEnd read_filter_bank(Section& section, const PartOptions& options) {
  Sizes s{};
  s.channels = read_channels(section, options);
  const std::int64_t rate_hz = section.integer(
      "sampling_rate", {.fallback = 250, .forced = options.forced_rate_hz, .least = 2});
  const std::vector<double> frequencies_hz = read_frequencies(section, rate_hz);
  s.bands = static_cast<std::int64_t>(frequencies_hz.size());
  s.kernel = section.integer("kernel_size", {.fallback = rate_hz + rate_hz / 2});
  s.stride = section.integer("stride", {.fallback = 16});
  s.pool = section.integer("pool_size", {.fallback = 8});
  s.spatial = section.integer("n_spatial_filters", {.fallback = 64});
  s.dropout = section.probability("dropout", 0.5);
  s.is_trainable = section.boolean("trainable_bank", false);
  require(s.kernel > s.stride, ErrorCode::kDataCorrupt,
          "{}: kernel_size {} must be above stride {}", section.where(), s.kernel, s.stride);
  // In all kernel - stride zeros, so that T samples give floor(T / stride) steps.
  const std::int64_t zeros = s.kernel - s.stride;
  s.padding = options.is_causal ? Padding{zeros, 0} : Padding{zeros - zeros / 2, zeros / 2};

  FrontEnd front_end;
  front_end.channels = s.channels;
  front_end.features = s.spatial + s.bands;
  front_end.rate_hz = static_cast<double>(rate_hz);
  front_end.build = [s](const Scope& scope, ValueId x) { return build(s, scope, x); };
  front_end.presets.emplace(s.is_trainable ? "temporal.weight" : "temporal.bank",
                            gabor_bank(frequencies_hz, front_end.rate_hz, s.kernel));
  front_end.presets.emplace("quadrature.bank", ones({s.bands, 2, 1, 1}));
  front_end.presets.emplace("electrodes.bank", ones({s.bands, 1, s.channels, 1}));
  return front_end;
}

}  // namespace nest::graph
