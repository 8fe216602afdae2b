#include "nest/train/augment.h"

#include <algorithm>
#include <cmath>

#include <torch/torch.h>

#include "nest/core/error.h"
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

Tensor cut_surroundings(const Tensor& x, std::int64_t& lead, std::int64_t& tail, Rng& rng) {
  const auto some_of = [&](std::int64_t most) {
    return static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(most) + 1));
  };
  const std::int64_t said = x.dim(1) - lead - tail;
  const std::int64_t begin = lead - some_of(lead);
  lead -= begin;
  tail = some_of(tail);
  const std::int64_t length = lead + said + tail;
  Tensor y(DType::kF32, {x.dim(0), length});
  for (std::int64_t c = 0; c < x.dim(0); ++c) {
    const float* from = x.data<float>().data() + c * x.dim(1) + begin;
    std::copy_n(from, length, row(y, c).begin());
  }
  return y;
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

Tensor augment(const Tensor& x, const data::AugmentOptions& options, Rng& rng) {
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
