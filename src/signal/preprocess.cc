#include "nest/signal/preprocess.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "block_io.h"
#include "block_resampler.h"
#include "channel_policy.h"
#include "nest/core/error.h"
#include "normalizer.h"
#include "sos_bank.h"

namespace nest::signal {
namespace {

// One row more than a block holds keeps the groups' rows off the same cache sets.
constexpr std::ptrdiff_t kStride = (kBlockSamples + 1) * kGroup;

OnlinePreprocessorOptions checked(OnlinePreprocessorOptions options) {
  validate(options);
  return options;
}

double output_rate_of(const OnlinePreprocessorOptions& options) {
  return options.output_rate_hz > 0 ? options.output_rate_hz : options.rate_hz;
}

std::optional<BlockResampler> resampler_of(const OnlinePreprocessorOptions& options) {
  if (output_rate_of(options) == options.rate_hz) return std::nullopt;
  return BlockResampler(resample_ratio(options.rate_hz, options.output_rate_hz), options.channels,
                        options.resample);
}

template <class T>
bool is_finite(SignalView<const T> in) noexcept {
  for (std::int64_t c = 0; c < in.channels; ++c) {
    if (!std::all_of(in.row(c), in.row(c) + in.samples, [](T x) { return std::isfinite(x); })) {
      return false;
    }
  }
  return true;
}

}  // namespace

struct OnlinePreprocessor::Impl {
  explicit Impl(OnlinePreprocessorOptions options_)
      : options(checked(std::move(options_))),
        kernels(signal::kernels()),
        groups(groups_of(options.channels)),
        starts_steady(options.start == Start::kSteady),
        policy(options),
        bank(design_cascade(options), options.channels),
        resampler(resampler_of(options)),
        out_rows(resampler ? resampler->max_output(kBlockSamples) : kBlockSamples),
        normalizer(options, output_rate_of(options), static_cast<int>(out_rows)),
        in_storage(DType::kF64, {groups, kStride}),
        out_storage(DType::kF64, {resampler ? groups : 0, out_rows, kGroup}),
        first_values(static_cast<std::size_t>(options.channels)),
        in_block(in_storage.mutable_data<double>().data()),
        out_block(out_storage.mutable_data<double>().data()) {
    if (starts_steady) bank.require_steady_state();
  }

  void start_steady() noexcept {
    for (int c = 0; c < options.channels; ++c) {
      first_values[static_cast<std::size_t>(c)] = in_block[c / kGroup * kStride + c % kGroup];
    }
    bank.start_steady(first_values.data());
  }

  // Resamples and normalises the input block; writes at most `limit` samples.
  template <class T>
  std::int64_t finish(BlockView block, SignalView<T> out, std::int64_t start,
                      std::int64_t limit) noexcept {
    if (resampler) {
      const std::ptrdiff_t stride = out_rows * kGroup;
      const std::int64_t rows = resampler->run(kernels, block, out_block, stride);
      block = {out_block, stride, groups, static_cast<int>(std::min(rows, limit))};
    }
    normalizer.run(kernels, block);
    store_block(kernels, block, 0, start, out);
    return block.samples;
  }

  template <class T>
  PreprocessResult process(SignalView<const T> in, SignalView<T> out) noexcept {
    if (options.non_finite == NonFinite::kError && !is_finite(in)) {
      ++counts.refused_chunks;
      return {0, true};
    }
    const FlushSubnormals flush;
    std::int64_t written = 0;
    for (std::int64_t t = 0; t < in.samples; t += kBlockSamples) {
      const auto samples = static_cast<int>(std::min<std::int64_t>(kBlockSamples, in.samples - t));
      const BlockView block{in_block, kStride, groups, samples};
      load_block(kernels, in, t, 0, block);
      counts.non_finite += policy.run(kernels, block);
      if (is_at_start && starts_steady) start_steady();
      bank.run(kernels, 0, block);
      if (is_at_start && starts_steady && resampler) resampler->start_steady(in_block, kStride);
      is_at_start = false;
      written += finish(block, out, written, out_rows);
    }
    counts.samples_in += in.samples;
    counts.samples_out += written;
    return {written, false};
  }

  template <class T>
  std::int64_t flush(SignalView<T> out) noexcept {
    std::int64_t written = 0;
    if (resampler) {
      const FlushSubnormals guard;
      const std::int64_t pending = resampler->pending();
      std::fill_n(in_block, static_cast<std::size_t>(in_storage.numel()), 0.0);
      while (written < pending) {
        written +=
            finish({in_block, kStride, groups, kBlockSamples}, out, written, pending - written);
      }
    }
    counts.samples_out += written;
    reset();
    return written;
  }

  void restart() noexcept {
    bank.reset();
    if (resampler) resampler->reset();
    policy.reset();
    is_at_start = true;
  }

  void reset() noexcept {
    restart();
    normalizer.reset();
  }

  OnlinePreprocessorOptions options;
  const Kernels& kernels;
  int groups;
  bool starts_steady;
  ChannelPolicy policy;
  SosBank bank;
  std::optional<BlockResampler> resampler;
  std::int64_t out_rows;
  Normalizer normalizer;
  Tensor in_storage;
  Tensor out_storage;
  std::vector<double> first_values;
  double* in_block;
  double* out_block;
  bool is_at_start = true;
  PreprocessCounts counts;
};

OnlinePreprocessor::OnlinePreprocessor(OnlinePreprocessorOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}
OnlinePreprocessor::~OnlinePreprocessor() = default;
OnlinePreprocessor::OnlinePreprocessor(OnlinePreprocessor&&) noexcept = default;
OnlinePreprocessor& OnlinePreprocessor::operator=(OnlinePreprocessor&&) noexcept = default;

const OnlinePreprocessorOptions& OnlinePreprocessor::options() const noexcept {
  return impl_->options;
}
const Sos& OnlinePreprocessor::sos() const noexcept {
  return impl_->bank.sos();
}
double OnlinePreprocessor::output_rate_hz() const noexcept {
  return output_rate_of(impl_->options);
}

double OnlinePreprocessor::resample_delay_samples() const noexcept {
  const auto& resampler = impl_->resampler;
  return resampler ? static_cast<double>(resampler->half_length()) /
                         static_cast<double>(resampler->ratio().up)
                   : 0;
}

std::int64_t OnlinePreprocessor::max_output(std::int64_t in_samples) const noexcept {
  return impl_->resampler ? impl_->resampler->max_output(in_samples) : in_samples;
}
std::int64_t OnlinePreprocessor::max_flush() const noexcept {
  const auto& resampler = impl_->resampler;
  return resampler ? resampler->max_output(resampler->tail_samples()) : 0;
}

PreprocessResult OnlinePreprocessor::process(SignalView<const float> in,
                                             SignalView<float> out) noexcept {
  return impl_->process(in, out);
}
PreprocessResult OnlinePreprocessor::process(SignalView<const double> in,
                                             SignalView<double> out) noexcept {
  return impl_->process(in, out);
}
std::int64_t OnlinePreprocessor::flush(SignalView<float> out) noexcept {
  return impl_->flush(out);
}
std::int64_t OnlinePreprocessor::flush(SignalView<double> out) noexcept {
  return impl_->flush(out);
}

void OnlinePreprocessor::handle_gap() noexcept {
  ++impl_->counts.gaps;
  impl_->restart();
}
void OnlinePreprocessor::reset() noexcept {
  impl_->reset();
}

void OnlinePreprocessor::set_bad_channels(const std::vector<int>& bad_channels) {
  OnlinePreprocessorOptions changed = impl_->options;
  changed.bad_channels = bad_channels;
  validate(changed);
  impl_->options = std::move(changed);
  impl_->policy.set_bad_channels(impl_->options);
}

const PreprocessCounts& OnlinePreprocessor::counts() const noexcept {
  return impl_->counts;
}

}  // namespace nest::signal
