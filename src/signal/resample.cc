#include "nest/signal/resample.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "block_io.h"
#include "block_resampler.h"
#include "nest/core/error.h"
#include "nest/core/options.h"
#include "sos_bank.h"

namespace nest::signal {
namespace {

constexpr std::int64_t kLargestFactor = 10000;

// Modified Bessel function of order zero by its power series; all terms are positive.
double bessel_i0(double x) {
  double term = 1;
  double sum = 1;
  for (int k = 1; term > sum * 1e-17; ++k) {
    term *= (x / 2) * (x / 2) / (static_cast<double>(k) * k);
    sum += term;
  }
  return sum;
}

double sinc(double x) {
  return x == 0 ? 1 : std::sin(std::numbers::pi * x) / (std::numbers::pi * x);
}

ResampleRatio reduced(ResampleRatio ratio) {
  require(ratio.up >= 1 && ratio.down >= 1, ErrorCode::kInvalidArgument,
          "resampling by {}/{}: both numbers must be positive", ratio.up, ratio.down);
  const std::int64_t divisor = std::gcd(ratio.up, ratio.down);
  ratio = {ratio.up / divisor, ratio.down / divisor};
  require(
      std::max(ratio.up, ratio.down) <= kLargestFactor, ErrorCode::kInvalidArgument,
      "resampling by {}/{}: factors above {} are not supported; choose a rate nearer to a simple "
      "fraction",
      ratio.up, ratio.down, kLargestFactor);
  return ratio;
}

}  // namespace

ResampleRatio resample_ratio(double in_rate_hz, double out_rate_hz) {
  require(in_rate_hz > 0 && out_rate_hz > 0 && std::isfinite(in_rate_hz + out_rate_hz),
          ErrorCode::kInvalidArgument, "resampling from {} to {} Hz: rates must be positive",
          in_rate_hz, out_rate_hz);
  // Continued fraction of out / in.
  const double target = out_rate_hz / in_rate_hz;
  double rest = target;
  std::int64_t p0 = 0, q0 = 1, p1 = 1, q1 = 0;
  while (true) {
    const double whole = std::floor(rest);
    require(whole <= static_cast<double>(kLargestFactor), ErrorCode::kInvalidArgument,
            "resampling from {} to {} Hz: the ratio is too far from 1", in_rate_hz, out_rate_hz);
    const auto digit = static_cast<std::int64_t>(whole);
    const std::int64_t p2 = digit * p1 + p0, q2 = digit * q1 + q0;
    require(p2 <= kLargestFactor && q2 <= kLargestFactor, ErrorCode::kInvalidArgument,
            "resampling from {} to {} Hz: no fraction with numbers up to {}", in_rate_hz,
            out_rate_hz, kLargestFactor);
    p0 = p1, q0 = q1, p1 = p2, q1 = q2;
    const double value = static_cast<double>(p1) / static_cast<double>(q1);
    if (p1 > 0 && std::abs(value - target) <= 1e-9 * target) return {p1, q1};
    require(rest > whole, ErrorCode::kInvalidArgument,
            "resampling from {} to {} Hz: the ratio is too far from 1", in_rate_hz, out_rate_hz);
    rest = 1 / (rest - whole);
  }
}

void visit_fields(FieldVisitor& visitor, ResampleOptions& o) {
  visitor.field("half_length", o.half_length,
                "of the filter, in units of the larger side of the ratio", between(1, 1000),
                kNoFlag);
  visitor.field("kaiser_beta", o.kaiser_beta, "shape of its window", between(0, 50), kNoFlag);
  visitor.field("is_dc_exact", o.is_dc_exact, "every phase passes a constant unchanged", {},
                kNoFlag);
}

std::vector<double> design_resample_filter(ResampleRatio ratio, const ResampleOptions& options) {
  ratio = reduced(ratio);
  check_fields(options);
  if (ratio.up == 1 && ratio.down == 1) return {1.0};
  const std::int64_t widest = std::max(ratio.up, ratio.down);
  const std::int64_t half = options.half_length * widest;
  std::vector<double> taps(static_cast<std::size_t>(2 * half + 1));
  const double peak = bessel_i0(options.kaiser_beta);
  double sum = 0;
  for (std::int64_t n = -half; n <= half; ++n) {
    const double x = static_cast<double>(n) / static_cast<double>(half);
    const double window = bessel_i0(options.kaiser_beta * std::sqrt(1 - x * x)) / peak;
    double& tap = taps[static_cast<std::size_t>(n + half)];
    tap = sinc(static_cast<double>(n) / static_cast<double>(widest)) * window;
    sum += tap;
  }
  for (double& tap : taps) tap *= static_cast<double>(ratio.up) / sum;
  return taps;
}

struct PolyphaseResampler::Impl {
  Impl(ResampleRatio ratio, int channels_, const ResampleOptions& options)
      : channels(channels_),
        groups(groups_of(channels_)),
        resampler(ratio, channels_, options),
        out_rows(resampler.max_output(kBlockSamples)),
        in_storage(DType::kF64, {groups, kBlockSamples, kGroup}),
        out_storage(DType::kF64, {groups, out_rows, kGroup}),
        in_block(in_storage.mutable_data<double>().data()),
        out_block(out_storage.mutable_data<double>().data()),
        kernels(signal::kernels()) {}

  // Runs what is in the input block; writes at most `limit` samples from column `start` of `out`
  // on.
  template <class T>
  std::int64_t step(int samples, SignalView<T> out, std::int64_t start,
                    std::int64_t limit) noexcept {
    const std::ptrdiff_t out_stride = out_rows * kGroup;
    const int rows = resampler.run(kernels, {in_block, kBlockSamples * kGroup, groups, samples},
                                   out_block, out_stride);
    const int used = static_cast<int>(std::min<std::int64_t>(rows, limit));
    store_block(kernels, {out_block, out_stride, groups, used}, 0, start, out);
    return used;
  }

  template <class T>
  std::int64_t process(SignalView<const T> in, SignalView<T> out) noexcept {
    const FlushSubnormals flush;
    std::int64_t written = 0;
    for (std::int64_t t = 0; t < in.samples; t += kBlockSamples) {
      const auto samples = static_cast<int>(std::min<std::int64_t>(kBlockSamples, in.samples - t));
      load_block(kernels, in, t, 0, {in_block, kBlockSamples * kGroup, groups, samples});
      written += step(samples, out, written, out_rows);
    }
    return written;
  }

  template <class T>
  std::int64_t flush(SignalView<T> out) noexcept {
    const FlushSubnormals flush;
    const std::int64_t pending = resampler.pending();
    std::fill_n(in_block, static_cast<std::size_t>(in_storage.numel()), 0.0);
    std::int64_t written = 0;
    while (written < pending) {
      written += step(kBlockSamples, out, written, pending - written);
    }
    resampler.reset();
    return written;
  }

  int channels;
  int groups;
  BlockResampler resampler;
  std::int64_t out_rows;
  Tensor in_storage;
  Tensor out_storage;
  double* in_block;
  double* out_block;
  const Kernels& kernels;
};

namespace {

int checked_channels(int channels) {
  require(channels >= 1, ErrorCode::kInvalidArgument,
          "resampling: {} channels; at least one is needed", channels);
  return channels;
}

}  // namespace

PolyphaseResampler::PolyphaseResampler(ResampleRatio ratio, int channels,
                                       const ResampleOptions& options)
    : impl_(std::make_unique<Impl>(reduced(ratio), checked_channels(channels), options)) {}
PolyphaseResampler::~PolyphaseResampler() = default;
PolyphaseResampler::PolyphaseResampler(PolyphaseResampler&&) noexcept = default;
PolyphaseResampler& PolyphaseResampler::operator=(PolyphaseResampler&&) noexcept = default;

ResampleRatio PolyphaseResampler::ratio() const noexcept {
  return impl_->resampler.ratio();
}
double PolyphaseResampler::delay_samples() const noexcept {
  return static_cast<double>(impl_->resampler.half_length()) / static_cast<double>(ratio().up);
}
std::int64_t PolyphaseResampler::max_output(std::int64_t in_samples) const noexcept {
  return impl_->resampler.max_output(in_samples);
}
std::int64_t PolyphaseResampler::max_flush() const noexcept {
  return impl_->resampler.max_output(impl_->resampler.tail_samples());
}
void PolyphaseResampler::reset() noexcept {
  impl_->resampler.reset();
}

std::int64_t PolyphaseResampler::process(SignalView<const float> in,
                                         SignalView<float> out) noexcept {
  return impl_->process(in, out);
}
std::int64_t PolyphaseResampler::process(SignalView<const double> in,
                                         SignalView<double> out) noexcept {
  return impl_->process(in, out);
}
std::int64_t PolyphaseResampler::flush(SignalView<float> out) noexcept {
  return impl_->flush(out);
}
std::int64_t PolyphaseResampler::flush(SignalView<double> out) noexcept {
  return impl_->flush(out);
}

namespace {

template <class T>
Tensor resample_whole(const Tensor& signal, ResampleRatio ratio, const ResampleOptions& options) {
  const std::int64_t channels = signal.dim(0);
  PolyphaseResampler resampler(ratio, static_cast<int>(channels), options);
  ratio = resampler.ratio();
  const std::int64_t samples = (signal.dim(1) * ratio.up + ratio.down - 1) / ratio.down;
  Tensor result(signal.dtype(), {channels, samples});
  const SignalView<T> out(result.mutable_data<T>().data(), channels, samples);
  const std::int64_t first =
      resampler.process(SignalView<const T>(signal.data<T>().data(), channels, signal.dim(1)), out);
  resampler.flush(out.slice(first, samples - first));
  return result;
}

}  // namespace

Tensor resample_signal(const Tensor& signal, ResampleRatio ratio, const ResampleOptions& options) {
  require(signal.rank() == 2, ErrorCode::kInvalidArgument,
          "resampling: a [channels, samples] signal is needed, found {}",
          to_string(signal.shape()));
  return signal.dtype() == DType::kF64 ? resample_whole<double>(signal, ratio, options)
                                       : resample_whole<float>(signal, ratio, options);
}

}  // namespace nest::signal
