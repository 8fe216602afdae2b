#pragma once

#include <cmath>
#include <cstddef>
#include <span>

#include "nest/core/rng.h"

namespace nest::synth {

/// Adds noise of unit variance with a spectrum near 1/f between 0.1 Hz and rate / 6: a sum of
/// Ornstein-Uhlenbeck processes whose corner frequencies are octaves apart, of equal power each.
void add_pink(Rng& rng, double rate_hz, std::span<double> out);

/// One Ornstein-Uhlenbeck process of unit variance and the given time constant.
void add_ornstein_uhlenbeck(Rng& rng, double time_constant_s, double scale, double rate_hz,
                            std::span<double> out);

/// Bursts of a narrow-band oscillation, peak near 1: on for 0.5 to 2 s, off for 0.5 to 3 s.
void add_alpha(Rng& rng, double frequency_hz, double rate_hz, std::span<double> out);

/// Onsets of a Poisson process: calls visit(onset_s) in order.
template <class F>
void for_poisson(Rng& rng, double per_minute, double duration_s, F&& visit) {
  if (per_minute <= 0) return;
  double t = 0;
  for (;;) {
    t -= std::log(1 - rng.uniform()) * 60 / per_minute;
    if (t >= duration_s) return;
    visit(t);
  }
}

}  // namespace nest::synth
