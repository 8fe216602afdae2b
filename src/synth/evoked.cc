#include "evoked.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "head.h"
#include "nest/core/error.h"

namespace nest::synth {

std::size_t character_index(char character) {
  if (character == ' ') return 26;
  require(character >= 'a' && character <= 'z', ErrorCode::kInvalidArgument,
          "character '{}': the generator knows a to z and space", character);
  return static_cast<std::size_t>(character - 'a');
}

Responses make_responses(const SynthOptions& options) {
  Responses responses;
  std::vector<std::size_t> order(areas().size());
  for (std::size_t c = 0; c < kCharacters; ++c) {
    Rng rng(options.seed, "character", c);
    std::iota(order.begin(), order.end(), std::size_t{0});
    rng.shuffle(std::span(order));
    for (std::size_t k = 0; k < static_cast<std::size_t>(options.components); ++k) {
      Component component;
      component.area = order[k];
      component.amplitude = rng.uniform(0.7, 1.3);
      component.latency_s = rng.uniform(0.06, 0.22);
      component.width_s = rng.uniform(0.025, 0.055);
      component.frequency_hz = 2 * std::pow(15.0, rng.uniform());  // 2 to 30 Hz, log-uniform
      component.phase = rng.uniform(0, 2 * std::numbers::pi);
      responses[c].push_back(component);
    }
  }
  return responses;
}

void add_evoked(const SynthOptions& options, const Responses& responses, const Script& script,
                double latency_shift_s, Rng& rng, std::span<double> activity, std::size_t samples) {
  for (const CharacterEvent& event : script.events) {
    for (const Component& component : responses[character_index(event.character)]) {
      const double jitter_s = rng.normal(0, options.latency_jitter_ms * 1e-3);
      const double amplitude = component.amplitude * (1 + rng.normal(0, options.amplitude_jitter));
      const double center = event.onset_s + component.latency_s + latency_shift_s + jitter_s;
      const double reach = 4 * component.width_s;
      const auto first = static_cast<std::ptrdiff_t>(std::ceil((center - reach) * options.rate_hz));
      const auto last = static_cast<std::ptrdiff_t>(std::floor((center + reach) * options.rate_hz));
      const auto end = std::min(last + 1, static_cast<std::ptrdiff_t>(samples));
      double* out = activity.data() + component.area * samples;
      for (std::ptrdiff_t t = std::max<std::ptrdiff_t>(first, 0); t < end; ++t) {
        const double x = static_cast<double>(t) / options.rate_hz - center;
        const double envelope = std::exp(-x * x / (2 * component.width_s * component.width_s));
        out[t] += amplitude * envelope *
                  std::cos(2 * std::numbers::pi * component.frequency_hz * x + component.phase);
      }
    }
  }
}

}  // namespace nest::synth
