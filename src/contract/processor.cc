#include "nest/contract/processor.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "contract/amplitude.h"
#include "nest/signal/preprocess.h"

namespace nest::contract {
namespace {

using signal::OnlinePreprocessor;
using signal::OnlinePreprocessorOptions;
using signal::SignalView;

/// Source samples on their way at once; cutting changes nothing in the result.
constexpr std::int64_t kTile = 128;

OnlinePreprocessorOptions resampling(const graph::SignalContract& contract,
                                     const SourceMatch& match) {
  OnlinePreprocessorOptions options;
  options.channels = static_cast<int>(match.rows.size());
  options.rate_hz = match.rate_hz;
  options.output_rate_hz = contract.rate_hz;
  options.bandpass_hz.clear();
  options.start = signal::Start::kSteady;
  options.resample.is_dc_exact = true;
  return options;
}

void add_filters(const graph::SignalContract& contract, const SourceMatch& match,
                 OnlinePreprocessorOptions& options) {
  options.bandpass_hz = contract.bandpass_hz;
  options.order = contract.bandpass_order;
  if (contract.notch_hz > 0) options.notch_hz = {contract.notch_hz};
  options.notch_q = contract.notch_q;
  if (contract.ref_electrode == "average") {
    options.ref_electrode = signal::Reference::kAverage;
  } else if (match.ref_row >= 0) {
    options.ref_electrode = signal::Reference::kChannels;
    options.ref_channels = {static_cast<int>(match.ref_row)};
  }
}

void add_normalization(const graph::SignalContract& contract, OnlinePreprocessorOptions& options) {
  if (contract.normalization == graph::Normalization::kRunning) {
    options.normalization = signal::Normalization::kRunning;
    options.running_s = contract.running_s;
  }
  if (contract.normalization != graph::Normalization::kFixed) return;
  options.normalization = signal::Normalization::kFixed;
  options.mean = contract.mean;
  for (const double stddev : contract.stddev) options.stddev.push_back(stddev > 0 ? stddev : 1);
  // A reference electrode beside the channels is carried along and dropped at the end.
  const auto rows = static_cast<std::size_t>(options.channels);
  options.mean.resize(rows, 0);
  options.stddev.resize(rows, 1);
}

OnlinePreprocessorOptions preprocessing(const graph::SignalContract& contract,
                                        const SourceMatch& match, const Steps& steps) {
  OnlinePreprocessorOptions options;
  options.channels = static_cast<int>(match.rows.size());
  options.rate_hz = contract.rate_hz;
  options.bandpass_hz.clear();
  options.start = signal::Start::kSteady;
  if (steps.filter) add_filters(contract, match, options);
  if (steps.normalize) add_normalization(contract, options);
  return options;
}

bool is_fixed(const graph::SignalContract& contract, const Steps& steps) {
  return steps.filter && steps.normalize && contract.normalization == graph::Normalization::kFixed;
}

}  // namespace

struct ContractProcessor::Impl {
  Impl(const graph::SignalContract& contract, SourceMatch source_match, const Steps& steps)
      : match(std::move(source_match)),
        channels(contract.num_channels),
        rows(static_cast<std::int64_t>(match.rows.size())),
        work(preprocessing(contract, match, steps)),
        amplitude(contract, match, is_fixed(contract, steps)) {
    if (match.rate_hz != contract.rate_hz) {
      resampler.emplace(resampling(contract, match));
      delay = static_cast<std::int64_t>(std::ceil(resampler->resample_delay_samples())) + 1;
    }
    const std::int64_t room = resampler ? resampler->max_output(kTile) : kTile;
    gathered.resize(static_cast<std::size_t>(rows * kTile));
    resampled.resize(resampler ? static_cast<std::size_t>(rows * room) : 0);
    newest.resize(static_cast<std::size_t>(rows));
    has_memory = resampler || !work.sos().empty() ||
                 work.options().normalization == signal::Normalization::kRunning;
  }

  /// The matched rows of some source samples in the contract's unit.
  template <class T>
  SignalView<double> gather(SignalView<const T> in) noexcept {
    for (std::int64_t r = 0; r < rows; ++r) {
      const auto at = static_cast<std::size_t>(r);
      const T* from = in.row(match.rows[at]);
      double* to = gathered.data() + r * kTile;
      for (std::int64_t t = 0; t < in.samples; ++t) {
        to[t] = static_cast<double>(from[t]) * match.gain[at] + match.offset[at];
      }
      for (std::int64_t t = in.samples; t-- > 0;) {
        if (!std::isfinite(to[t])) continue;
        newest[at] = to[t];
        break;
      }
    }
    return {gathered.data(), rows, in.samples, kTile};
  }

  /// From scaled source samples to at most `limit` samples of the result.
  std::int64_t run(SignalView<double> block, SignalView<float> out, std::int64_t limit) noexcept {
    if (resampler) {
      const std::int64_t room = resampler->max_output(kTile);
      SignalView<double> to(resampled.data(), rows, room, room);
      consumed += block.samples;
      to.samples = std::min(limit, resampler->process(SignalView<const double>(block), to).samples);
      block = to;
    }
    produced += block.samples;
    work.process(SignalView<const double>(block), block);
    for (std::int64_t c = 0; c < channels; ++c) {
      const double* from = block.row(c);
      std::transform(from, from + block.samples, out.row(c),
                     [](double x) { return static_cast<float>(x); });
    }
    return block.samples;
  }

  template <class T>
  std::int64_t process(SignalView<const T> in, SignalView<float> out) noexcept {
    std::int64_t written = 0;
    for (std::int64_t t = 0; t < in.samples; t += kTile) {
      const auto part = in.slice(t, std::min(kTile, in.samples - t));
      const SignalView<double> block = gather(part);
      amplitude.add_input(block);
      const SignalView<float> to = out.slice(written, out.samples - written);
      const std::int64_t made = run(block, to, to.samples);
      amplitude.add_output({to.data, channels, made, to.stride});
      written += made;
    }
    return written;
  }

  std::int64_t pending() const noexcept {
    const signal::ResampleRatio ratio = match.ratio;
    return resampler ? (consumed * ratio.up + ratio.down - 1) / ratio.down - produced : 0;
  }

  std::int64_t finish(SignalView<float> out) noexcept {
    std::int64_t written = 0;
    const std::int64_t owed = pending();
    const std::int64_t before = consumed;
    while (written < owed) {
      for (std::int64_t r = 0; r < rows; ++r) {
        std::fill_n(gathered.data() + r * kTile, kTile, newest[static_cast<std::size_t>(r)]);
      }
      written += run({gathered.data(), rows, kTile, kTile},
                     out.slice(written, out.samples - written), owed - written);
    }
    amplitude.close();
    tail += consumed - before;
    consumed = 0;
    produced = 0;
    if (resampler) resampler->handle_gap();
    work.handle_gap();
    return written;
  }

  SourceMatch match;
  std::int64_t channels;
  std::int64_t rows;
  std::optional<OnlinePreprocessor> resampler;  ///< at the source's rate, before everything else
  OnlinePreprocessor work;                      ///< at the contract's rate
  AmplitudeCheck amplitude;
  std::int64_t delay = 0;
  bool has_memory = false;
  std::vector<double> gathered;
  std::vector<double> resampled;
  std::vector<double> newest;  ///< last finite value of each row
  std::int64_t consumed = 0;   ///< since the segment began
  std::int64_t produced = 0;
  std::int64_t tail = 0;  ///< samples that finish() made up
};

ContractProcessor::ContractProcessor(const graph::SignalContract& contract, SourceMatch match,
                                     const Steps& steps)
    : impl_(std::make_unique<Impl>(contract, std::move(match), steps)) {}
ContractProcessor::~ContractProcessor() = default;
ContractProcessor::ContractProcessor(ContractProcessor&&) noexcept = default;
ContractProcessor& ContractProcessor::operator=(ContractProcessor&&) noexcept = default;

const SourceMatch& ContractProcessor::match() const noexcept {
  return impl_->match;
}
std::int64_t ContractProcessor::channels() const noexcept {
  return impl_->channels;
}
bool ContractProcessor::has_memory() const noexcept {
  return impl_->has_memory;
}
std::int64_t ContractProcessor::delay_samples() const noexcept {
  return impl_->delay;
}
std::int64_t ContractProcessor::max_output(std::int64_t in_samples) const noexcept {
  return impl_->resampler ? impl_->resampler->max_output(in_samples) : in_samples;
}
std::int64_t ContractProcessor::max_finish() const noexcept {
  return impl_->resampler ? impl_->resampler->max_output(impl_->delay) : 0;
}
std::int64_t ContractProcessor::process(SignalView<const float> in,
                                        SignalView<float> out) noexcept {
  return impl_->process(in, out);
}
std::int64_t ContractProcessor::process(SignalView<const double> in,
                                        SignalView<float> out) noexcept {
  return impl_->process(in, out);
}
std::int64_t ContractProcessor::finish(SignalView<float> out) noexcept {
  return impl_->finish(out);
}

ProcessorCounts ContractProcessor::counts() const noexcept {
  const Impl& s = *impl_;
  const signal::PreprocessCounts& first = s.resampler ? s.resampler->counts() : s.work.counts();
  return {first.samples_in - s.tail, s.work.counts().samples_out, first.non_finite};
}

std::optional<std::string> ContractProcessor::amplitude_warning() const {
  return impl_->amplitude.warning();
}

}  // namespace nest::contract
