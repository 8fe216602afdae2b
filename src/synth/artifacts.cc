#include "artifacts.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "noise.h"

namespace nest::synth {
namespace {

constexpr double kTwoPi = 2 * std::numbers::pi;

// Weight of an electrode near a place on the head's surface, 1 at the place itself.
double nearness(Vec3 electrode, Vec3 place, double spread) {
  const Vec3 d = electrode - unit(place);
  return std::exp(-dot(d, d) / (2 * spread * spread));
}

struct Scope {
  const SynthOptions& options;
  const Session& session;
  const Script& script;
  std::span<double> signal;
  std::size_t samples;

  Rng stream(std::string_view name) const { return Rng(options.seed, name, script.stream); }
  std::span<double> row(std::size_t channel) const {
    return signal.subspan(channel * samples, samples);
  }
  std::size_t sample_at(double time_s) const {
    const double t = std::ceil(time_s * options.rate_hz);
    return static_cast<std::size_t>(std::clamp(t, 0.0, static_cast<double>(samples)));
  }
};

void add_blinks(const Scope& s) {
  Rng rng = s.stream("blinks");
  for_poisson(rng, s.options.blinks_per_min, s.script.duration_s, [&](double onset_s) {
    const double length_s = rng.uniform(0.25, 0.4);
    const double peak = 100 * kMicrovolt * std::exp(rng.normal(0, 0.3));
    for (std::size_t c = 0; c < s.session.electrodes.size(); ++c) {
      const Vec3 r = s.session.electrodes[c];
      const double weight =
          std::max(nearness(r, {-0.32, 0.92, -0.2}, 0.35), nearness(r, {0.32, 0.92, -0.2}, 0.35));
      const std::span<double> row = s.row(c);
      for (std::size_t t = s.sample_at(onset_s); t < s.sample_at(onset_s + length_s); ++t) {
        const double x = (static_cast<double>(t) / s.options.rate_hz - onset_s) / length_s;
        row[t] += peak * weight * 0.5 * (1 - std::cos(kTwoPi * x));
      }
    }
  });
}

void add_muscle(const Scope& s) {
  Rng rng = s.stream("muscle");
  for_poisson(rng, s.options.muscle_per_min, s.script.duration_s, [&](double onset_s) {
    const double length_s = rng.uniform(0.2, 0.8);
    const double side = rng.uniform() < 0.5 ? -1 : 1;
    const double strength = 20 * kMicrovolt * std::exp(rng.normal(0, 0.3));
    double last = rng.normal();
    for (std::size_t t = s.sample_at(onset_s); t < s.sample_at(onset_s + length_s); ++t) {
      const double x = (static_cast<double>(t) / s.options.rate_hz - onset_s) / length_s;
      const double fresh = rng.normal();
      // A first difference: power rises with frequency.
      const double value =
          strength * 0.5 * (1 - std::cos(kTwoPi * x)) * (fresh - last) / std::numbers::sqrt2;
      last = fresh;
      for (std::size_t c = 0; c < s.session.electrodes.size(); ++c) {
        s.row(c)[t] += value * nearness(s.session.electrodes[c], {side, 0.1, -0.1}, 0.4);
      }
    }
  });
}

void add_mains(const Scope& s) {
  Rng rng = s.stream("mains");
  const double phase = rng.uniform(0, kTwoPi);
  const double hz = s.options.mains_hz + rng.normal(0, 0.01);
  for (std::size_t c = 0; c < s.session.mains.size(); ++c) {
    const double amplitude = s.options.mains_uv * kMicrovolt * s.session.mains[c];
    const std::span<double> row = s.row(c);
    for (std::size_t t = 0; t < s.samples; ++t) {
      row[t] +=
          amplitude * std::sin(kTwoPi * hz * static_cast<double>(t) / s.options.rate_hz + phase);
    }
  }
}

void add_drift(const Scope& s) {
  constexpr double kDriftSeconds = 20;
  Rng rng = s.stream("drift");
  for (std::size_t c = 0; c < s.session.electrodes.size(); ++c) {
    add_ornstein_uhlenbeck(rng, kDriftSeconds, s.options.drift_uv * kMicrovolt, s.options.rate_hz,
                           s.row(c));
  }
}

}  // namespace

void add_artifacts(const SynthOptions& options, const Session& session, const Script& script,
                   std::span<double> signal, std::size_t samples) {
  const Scope scope{options, session, script, signal, samples};
  add_blinks(scope);
  add_muscle(scope);
  add_mains(scope);
  add_drift(scope);
}

}  // namespace nest::synth
