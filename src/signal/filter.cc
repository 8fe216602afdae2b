#include "nest/signal/filter.h"

#include "kernels/kernels.h"
#include "nest/core/error.h"
#include "nest/signal/design.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace nest {
namespace {

using signal::kGroup;

// A tile stays in the first-level cache: 4 groups x 64 samples x 64 bytes = 16 KiB. One row more
// keeps the groups' rows from falling on the same cache sets.
constexpr int kTileGroups = 4;
constexpr int kTileSamples = 64;
constexpr std::ptrdiff_t kTileStride = (kTileSamples + 1) * kGroup;

int groups_of(int channels) {
  return (channels + kGroup - 1) / kGroup;
}

void load(const signal::Kernels& k, const float* in, std::ptrdiff_t stride, int lanes, int samples,
          double* out) {
  k.load_f32(in, stride, lanes, samples, out);
}
void load(const signal::Kernels& k, const double* in, std::ptrdiff_t stride, int lanes, int samples,
          double* out) {
  k.load_f64(in, stride, lanes, samples, out);
}
void store(const signal::Kernels& k, const double* in, int lanes, int samples, float* out,
           std::ptrdiff_t stride) {
  k.store_f32(in, lanes, samples, out, stride);
}
void store(const signal::Kernels& k, const double* in, int lanes, int samples, double* out,
           std::ptrdiff_t stride) {
  k.store_f64(in, lanes, samples, out, stride);
}

}  // namespace

SosFilter::SosFilter(Sos sos, int channels) : sos_(std::move(sos)), channels_(channels) {
  require(channels >= 1, ErrorCode::kInvalidArgument, "filter: {} channels; at least one is needed",
          channels);
  for (const SosSection& s : sos_) {
    require(std::isfinite(s.b0 + s.b1 + s.b2 + s.a1 + s.a2), ErrorCode::kInvalidArgument,
            "filter: a coefficient is not finite");
  }
  const auto sections = static_cast<std::int64_t>(sos_.size());
  state_ = Tensor(DType::kF64, {groups_of(channels), sections, 2, kGroup});
  block_ = Tensor(DType::kF64, {kTileGroups, kTileStride});
}

SosFilter::~SosFilter() = default;
SosFilter::SosFilter(SosFilter&&) noexcept = default;
SosFilter& SosFilter::operator=(SosFilter&&) noexcept = default;

void SosFilter::reset() noexcept {
  std::ranges::fill(state_.mutable_data<double>(), 0.0);
}

void SosFilter::reset_to_steady_state(std::span<const double> values) {
  require(values.size() == static_cast<std::size_t>(channels_), ErrorCode::kInvalidArgument,
          "filter: {} start values for {} channels", values.size(), channels_);
  if (steady_.empty()) steady_ = sos_steady_state(sos_);
  reset();
  double* state = state_.mutable_data<double>().data();
  for (int c = 0; c < channels_; ++c) {
    for (std::size_t s = 0; s < sos_.size(); ++s) {
      double* z = state + (static_cast<std::size_t>(c / kGroup) * sos_.size() + s) * 2 * kGroup +
                  c % kGroup;
      z[0] = steady_[s][0] * values[static_cast<std::size_t>(c)];
      z[kGroup] = steady_[s][1] * values[static_cast<std::size_t>(c)];
    }
  }
}

template <class T>
void SosFilter::run(SignalView<const T> in, SignalView<T> out) noexcept {
  const signal::FlushSubnormals flush;
  const signal::Kernels& k = signal::kernels();
  const int groups = groups_of(channels_);
  double* block = block_.mutable_data<double>().data();
  double* state = state_.mutable_data<double>().data();
  const std::size_t state_stride = sos_.size() * 2 * kGroup;
  for (int first = 0; first < groups; first += kTileGroups) {
    const int tile_groups = std::min(kTileGroups, groups - first);
    for (std::int64_t t = 0; t < in.samples; t += kTileSamples) {
      const int samples = static_cast<int>(std::min<std::int64_t>(kTileSamples, in.samples - t));
      for (int g = 0; g < tile_groups; ++g) {
        const int channel = (first + g) * kGroup;
        load(k, in.row(channel) + t, in.stride, std::min(kGroup, channels_ - channel), samples,
             block + g * kTileStride);
      }
      k.sos(sos_.data(), static_cast<int>(sos_.size()),
            state + static_cast<std::size_t>(first) * state_stride,
            {block, kTileStride, tile_groups, samples});
      for (int g = 0; g < tile_groups; ++g) {
        const int channel = (first + g) * kGroup;
        store(k, block + g * kTileStride, std::min(kGroup, channels_ - channel), samples,
              out.row(channel) + t, out.stride);
      }
    }
  }
}

void SosFilter::process(SignalView<const float> in, SignalView<float> out) noexcept {
  run(in, out);
}
void SosFilter::process(SignalView<const double> in, SignalView<double> out) noexcept {
  run(in, out);
}

Tensor SosFilter::state() const {
  const auto sections = static_cast<std::int64_t>(sos_.size());
  Tensor result(DType::kF64, {sections, channels_, 2});
  const std::span<const double> from = state_.data<double>();
  const std::span<double> to = result.mutable_data<double>();
  std::size_t i = 0;
  for (std::size_t s = 0; s < sos_.size(); ++s) {
    for (std::size_t c = 0; c < static_cast<std::size_t>(channels_); ++c) {
      const std::size_t z = (c / kGroup * sos_.size() + s) * 2 * kGroup + c % kGroup;
      to[i++] = from[z];
      to[i++] = from[z + kGroup];
    }
  }
  return result;
}

void SosFilter::set_state(const Tensor& state) {
  const Shape expected{static_cast<std::int64_t>(sos_.size()), channels_, 2};
  require(state.dtype() == DType::kF64 && state.shape() == expected, ErrorCode::kInvalidArgument,
          "filter state: {} {} given, float64 {} needed", name_of(state.dtype()),
          to_string(state.shape()), to_string(expected));
  reset();
  const std::span<const double> from = state.data<double>();
  const std::span<double> to = state_.mutable_data<double>();
  std::size_t i = 0;
  for (std::size_t s = 0; s < sos_.size(); ++s) {
    for (std::size_t c = 0; c < static_cast<std::size_t>(channels_); ++c) {
      const std::size_t z = (c / kGroup * sos_.size() + s) * 2 * kGroup + c % kGroup;
      to[z] = from[i++];
      to[z + kGroup] = from[i++];
    }
  }
}

Tensor filter_signal(const Sos& sos, const Tensor& signal) {
  require(signal.rank() == 2, ErrorCode::kInvalidArgument,
          "filter: a [channels, samples] signal is needed, found {}", to_string(signal.shape()));
  SosFilter filter(sos, static_cast<int>(signal.dim(0)));
  Tensor result(signal.dtype(), signal.shape());
  if (signal.dtype() == DType::kF64) {
    filter.process(
        SignalView<const double>(signal.data<double>().data(), signal.dim(0), signal.dim(1)),
        SignalView<double>(result.mutable_data<double>().data(), signal.dim(0), signal.dim(1)));
  } else {
    filter.process(
        SignalView<const float>(signal.data<float>().data(), signal.dim(0), signal.dim(1)),
        SignalView<float>(result.mutable_data<float>().data(), signal.dim(0), signal.dim(1)));
  }
  return result;
}

}  // namespace nest
