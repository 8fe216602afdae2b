#include "noise.h"

#include <algorithm>
#include <numbers>

namespace nest::synth {

void add_ornstein_uhlenbeck(Rng& rng, double time_constant_s, double scale, double rate_hz,
                            std::span<double> out) {
  const double keep = std::exp(-1 / (time_constant_s * rate_hz));
  const double drive = scale * std::sqrt(1 - keep * keep);
  double x = scale * rng.normal();
  for (double& sample : out) {
    sample += x;
    x = keep * x + drive * rng.normal();
  }
}

void add_pink(Rng& rng, double rate_hz, std::span<double> out) {
  constexpr double kLowestHz = 0.1;
  int octaves = 0;
  for (double f = kLowestHz; f <= rate_hz / 6; f *= 2) ++octaves;
  double corner_hz = kLowestHz;
  for (int i = 0; i < octaves; ++i, corner_hz *= 2) {
    add_ornstein_uhlenbeck(rng, 1 / (2 * std::numbers::pi * corner_hz),
                           1 / std::sqrt(static_cast<double>(octaves)), rate_hz, out);
  }
}

void add_alpha(Rng& rng, double frequency_hz, double rate_hz, std::span<double> out) {
  const double samples = static_cast<double>(out.size());
  double phase = rng.uniform(0, 2 * std::numbers::pi);
  double begin = rng.uniform(-1, 2) * rate_hz;
  while (begin < samples) {
    const double length = rng.uniform(0.5, 2) * rate_hz;
    const double strength = rng.uniform(0.4, 1);
    const double hz = frequency_hz + rng.normal(0, 0.3);
    const auto first = static_cast<std::size_t>(std::clamp(std::ceil(begin), 0.0, samples));
    const auto last = static_cast<std::size_t>(std::clamp(begin + length, 0.0, samples));
    for (std::size_t t = first; t < last; ++t) {
      const double x = (static_cast<double>(t) - begin) / length;
      const double envelope = 0.5 * (1 - std::cos(2 * std::numbers::pi * x));
      const double angle = 2 * std::numbers::pi * hz * static_cast<double>(t) / rate_hz;
      out[t] += strength * envelope * std::sin(angle + phase);
    }
    phase = rng.uniform(0, 2 * std::numbers::pi);
    begin += length + rng.uniform(0.5, 3) * rate_hz;
  }
}

}  // namespace nest::synth
