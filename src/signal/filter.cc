#include "nest/signal/filter.h"

#include <algorithm>
#include <utility>

#include "block_io.h"
#include "nest/core/error.h"
#include "sos_bank.h"

namespace nest::signal {
namespace {

// A tile stays in the first-level cache: 4 groups x 64 samples x 64 bytes = 16 KiB. One row more
// keeps the groups' rows from falling on the same cache sets.
constexpr int kTileGroups = 4;
constexpr int kTileSamples = 64;
constexpr std::ptrdiff_t kTileStride = (kTileSamples + 1) * kGroup;

}  // namespace

struct SosFilter::Impl {
  Impl(Sos sos, int channels)
      : bank(std::move(sos), channels),
        storage(DType::kF64, {kTileGroups, kTileStride}),
        tile(storage.mutable_data<double>().data()),
        kernels(signal::kernels()) {}

  template <class T>
  void run(SignalView<const T> in, SignalView<T> out) noexcept {
    const FlushSubnormals flush;
    const int groups = groups_of(bank.channels());
    for (int first = 0; first < groups; first += kTileGroups) {
      for (std::int64_t t = 0; t < in.samples; t += kTileSamples) {
        const auto samples = static_cast<int>(std::min<std::int64_t>(kTileSamples, in.samples - t));
        const BlockView block{tile, kTileStride, std::min(kTileGroups, groups - first), samples};
        load_block(kernels, in, t, first, block);
        bank.run(kernels, first, block);
        store_block(kernels, block, first, t, out);
      }
    }
  }

  SosBank bank;
  Tensor storage;
  double* tile;
  const Kernels& kernels;
};

SosFilter::SosFilter(Sos sos, int channels)
    : impl_(std::make_unique<Impl>(std::move(sos), channels)) {}
SosFilter::~SosFilter() = default;
SosFilter::SosFilter(SosFilter&&) noexcept = default;
SosFilter& SosFilter::operator=(SosFilter&&) noexcept = default;

int SosFilter::channels() const noexcept {
  return impl_->bank.channels();
}
const Sos& SosFilter::sos() const noexcept {
  return impl_->bank.sos();
}
void SosFilter::reset() noexcept {
  impl_->bank.reset();
}

void SosFilter::reset_to_steady_state(std::span<const double> values) {
  require(values.size() == static_cast<std::size_t>(channels()), ErrorCode::kInvalidArgument,
          "filter: {} start values for {} channels", values.size(), channels());
  impl_->bank.require_steady_state();
  impl_->bank.start_steady(values.data());
}

void SosFilter::process(SignalView<const float> in, SignalView<float> out) noexcept {
  impl_->run(in, out);
}
void SosFilter::process(SignalView<const double> in, SignalView<double> out) noexcept {
  impl_->run(in, out);
}

Tensor SosFilter::state() const {
  return impl_->bank.state();
}
void SosFilter::set_state(const Tensor& state) {
  impl_->bank.set_state(state);
}

namespace {

template <class T>
Tensor filter_whole(const Sos& sos, const Tensor& signal) {
  SosFilter filter(sos, static_cast<int>(signal.dim(0)));
  Tensor result(signal.dtype(), signal.shape());
  filter.process(SignalView<const T>(signal.data<T>().data(), signal.dim(0), signal.dim(1)),
                 SignalView<T>(result.mutable_data<T>().data(), signal.dim(0), signal.dim(1)));
  return result;
}

}  // namespace

Tensor filter_signal(const Sos& sos, const Tensor& signal) {
  require(signal.rank() == 2, ErrorCode::kInvalidArgument,
          "filter: a [channels, samples] signal is needed, found {}", to_string(signal.shape()));
  return signal.dtype() == DType::kF64 ? filter_whole<double>(sos, signal)
                                       : filter_whole<float>(sos, signal);
}

}  // namespace nest::signal
