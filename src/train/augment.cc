#include "nest/train/augment.h"

#include <algorithm>
#include <cmath>

#include <torch/torch.h>

#include "nest/core/error.h"
#include "nest/core/flags.h"
#include "nest/core/json.h"
#include "nest/nn/tensor.h"

namespace nest::train {
namespace {

std::span<float> row(Tensor& x, std::int64_t channel) {
  const auto samples = static_cast<std::size_t>(x.dim(1));
  return x.mutable_data<float>().subspan(static_cast<std::size_t>(channel) * samples, samples);
}

double deviation(std::span<const float> values) {
  double sum = 0;
  double squares = 0;
  for (const float v : values) {
    sum += v;
    squares += static_cast<double>(v) * v;
  }
  const auto n = static_cast<double>(std::max<std::size_t>(values.size(), 1));
  return std::sqrt(std::max(squares / n - sum / n * (sum / n), 0.0));
}

}  // namespace

void register_flags(Flags& flags, AugmentOptions& options) {
  flags.group("Augmentation");
  flags.add("augment-noise", options.noise, "noise in parts of each channel's deviation");
  flags.add("augment-shift", options.shift_samples, "largest shift in samples");
  flags.add("augment-channel-dropout", options.channel_dropout, "probability a channel is zero");
  flags.add("augment-amplitude", options.amplitude, "factor exp(uniform(-a, a))");
  flags.add("augment-time-mask", options.time_mask, "largest part of the time that is zeroed");
  flags.add("augment-frequency-mask", options.frequency_mask, "largest part of the band removed");
  flags.add("augment-join", options.join, "probability that trials of a subject are joined");
  flags.add("augment-join-most", options.join_most, "most trials in one joined utterance");
  flags.add("augment-join-ramp", options.join_ramp,
            "epochs until that many are joined; 0: at once");
}

void validate(const AugmentOptions& options) {
  for (const double part :
       {options.channel_dropout, options.time_mask, options.frequency_mask, options.join}) {
    require(part >= 0 && part <= 1, ErrorCode::kInvalidArgument,
            "probabilities and masks of augmentation must be in [0, 1], got {}", part);
  }
  require(options.noise >= 0 && options.amplitude >= 0 && options.shift_samples >= 0,
          ErrorCode::kInvalidArgument, "augmentation strengths must not be negative");
  require(options.join_most >= 2, ErrorCode::kInvalidArgument,
          "augment_join_most must be at least 2, got {}", options.join_most);
}

Json to_json(const AugmentOptions& options) {
  return {{"augment_noise", options.noise},
          {"augment_shift", options.shift_samples},
          {"augment_channel_dropout", options.channel_dropout},
          {"augment_amplitude", options.amplitude},
          {"augment_time_mask", options.time_mask},
          {"augment_frequency_mask", options.frequency_mask},
          {"augment_join", options.join},
          {"augment_join_most", options.join_most},
          {"augment_join_ramp", options.join_ramp}};
}

Tensor add_noise(const Tensor& x, double part, Rng& rng) {
  Tensor y = x.clone();
  for (std::int64_t c = 0; c < y.dim(0); ++c) {
    const std::span<float> values = row(y, c);
    const double scale = part * deviation(values);
    for (float& v : values) v += static_cast<float>(scale * rng.normal());
  }
  return y;
}

Tensor shift_time(const Tensor& x, std::int64_t most, Rng& rng) {
  const auto span = static_cast<std::uint64_t>(2 * most + 1);
  const std::int64_t shift = static_cast<std::int64_t>(rng.below(span)) - most;
  Tensor source = x.clone();
  Tensor y(DType::kF32, x.shape());
  for (std::int64_t c = 0; c < x.dim(0); ++c) {
    const std::span<float> from = row(source, c);
    const std::span<float> to = row(y, c);
    for (std::int64_t t = std::max<std::int64_t>(shift, 0);
         t < std::min(x.dim(1), x.dim(1) + shift); ++t) {
      to[static_cast<std::size_t>(t)] = from[static_cast<std::size_t>(t - shift)];
    }
  }
  return y;
}

Tensor drop_channels(const Tensor& x, double probability, Rng& rng) {
  Tensor y = x.clone();
  std::int64_t kept = y.dim(0);
  for (std::int64_t c = 0; c < y.dim(0); ++c) {
    if (rng.uniform() >= probability || kept == 1) continue;
    std::ranges::fill(row(y, c), 0.0F);
    --kept;
  }
  return y;
}

Tensor scale_amplitude(const Tensor& x, double range, Rng& rng) {
  const auto factor = static_cast<float>(std::exp(rng.uniform(-range, range)));
  Tensor y = x.clone();
  for (float& v : y.mutable_data<float>()) v *= factor;
  return y;
}

Tensor mask_time(const Tensor& x, double most, Rng& rng) {
  const auto limit = static_cast<std::uint64_t>(most * static_cast<double>(x.dim(1)));
  const auto length = static_cast<std::int64_t>(rng.below(limit + 1));
  const auto begin =
      static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(x.dim(1) - length + 1)));
  Tensor y = x.clone();
  for (std::int64_t c = 0; c < y.dim(0); ++c) {
    std::ranges::fill(
        row(y, c).subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(length)), 0.0F);
  }
  return y;
}

Tensor mask_frequency(const Tensor& x, double most, Rng& rng) {
  const double width = rng.uniform(0, most);
  const double low = rng.uniform(0, 1 - width);
  torch::Tensor spectrum = torch::fft::rfft(nn::to_torch(x));
  const auto bins = static_cast<double>(spectrum.size(1));
  spectrum.slice(1, std::llround(low * bins), std::llround((low + width) * bins)).zero_();
  return nn::from_torch(torch::fft::irfft(spectrum, x.dim(1)));
}

Tensor join_signals(const std::vector<Tensor>& parts) {
  require(!parts.empty(), ErrorCode::kInvalidArgument, "there is nothing to join");
  std::int64_t samples = 0;
  for (const Tensor& part : parts) {
    require(part.dim(0) == parts[0].dim(0), ErrorCode::kInvalidArgument,
            "signals of {} and {} channels cannot be joined", parts[0].dim(0), part.dim(0));
    samples += part.dim(1);
  }
  Tensor y(DType::kF32, {parts[0].dim(0), samples});
  for (std::int64_t c = 0; c < y.dim(0); ++c) {
    auto to = row(y, c).begin();
    for (const Tensor& part : parts) {
      const auto length = static_cast<std::size_t>(part.dim(1));
      const auto from = part.data<float>().subspan(static_cast<std::size_t>(c) * length, length);
      to = std::copy(from.begin(), from.end(), to);
    }
  }
  return y;
}

Tensor augment(const Tensor& x, const AugmentOptions& options, Rng& rng) {
  Tensor y = x;
  if (options.noise > 0) y = add_noise(y, options.noise, rng);
  if (options.shift_samples > 0) y = shift_time(y, options.shift_samples, rng);
  if (options.channel_dropout > 0) y = drop_channels(y, options.channel_dropout, rng);
  if (options.amplitude > 0) y = scale_amplitude(y, options.amplitude, rng);
  if (options.frequency_mask > 0) y = mask_frequency(y, options.frequency_mask, rng);
  if (options.time_mask > 0) y = mask_time(y, options.time_mask, rng);
  return y;
}

}  // namespace nest::train
