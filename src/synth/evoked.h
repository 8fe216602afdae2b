#pragma once

#include <array>
#include <span>
#include <vector>

#include "nest/core/rng.h"
#include "nest/synth/generator.h"

namespace nest::synth {

/// One source of a character: s(t) = amplitude exp(-(t - latency)^2 / (2 width^2))
///                                   cos(2 pi frequency (t - latency) + phase).
struct Component {
  std::size_t area = 0;
  double amplitude = 1;
  double latency_s = 0;
  double width_s = 0;
  double frequency_hz = 0;
  double phase = 0;
};

inline constexpr std::size_t kCharacters = 27;  ///< a to z and space

/// Index of a character. Errors: InvalidArgument.
std::size_t character_index(char character);

using Responses = std::array<std::vector<Component>, kCharacters>;
/// The components of every character: the same for every subject.
Responses make_responses(const SynthOptions& options);

/// Adds the sources' activity of all events to `activity` [areas][samples].
void add_evoked(const SynthOptions& options, const Responses& responses, const Script& script,
                double latency_shift_s, Rng& rng, std::span<double> activity, std::size_t samples);

}  // namespace nest::synth
