#include "people.h"

#include <algorithm>
#include <cmath>

#include "nest/core/rng.h"

namespace nest::synth {
namespace {

constexpr double kAreaShift = 0.03;       // head radii: about 3 mm
constexpr double kAreaTilt = 0.15;        // rad
constexpr double kAreaGainSpread = 0.15;  // of the logarithm
constexpr double kLatencySpread_s = 0.006;
constexpr int kBackgroundDipoles = 32;
constexpr double kCapShift = 0.03;           // rad about each axis
constexpr double kChannelGainSpread = 0.08;  // of the logarithm

Vec3 normal3(Rng& rng, double deviation) {
  const double x = rng.normal(0, deviation);
  const double y = rng.normal(0, deviation);
  const double z = rng.normal(0, deviation);
  return {x, y, z};
}

// Rotation by small angles about x, y, z, then back onto the sphere.
Vec3 rotated(Vec3 p, Vec3 angle) {
  return unit({p.x - angle.z * p.y + angle.y * p.z, p.y + angle.z * p.x - angle.x * p.z,
               p.z - angle.y * p.x + angle.x * p.y});
}

Vec3 inside(Vec3 p, double largest) {
  const double r = length(p);
  return r > largest ? (largest / r) * p : p;
}

}  // namespace

Subject make_subject(const SynthOptions& options, int subject) {
  Rng rng(options.seed, "subject", static_cast<std::uint64_t>(subject));
  Subject person;
  for (const Area& area : areas()) {
    const Vec3 position = inside(area.position + normal3(rng, kAreaShift), 0.88);
    const Vec3 orientation = unit(area.orientation + normal3(rng, kAreaTilt));
    person.areas.push_back({position, orientation, std::exp(rng.normal(0, kAreaGainSpread))});
  }
  person.latency_shift_s = rng.normal(0, kLatencySpread_s);
  person.alpha_hz = rng.uniform(9, 11);
  for (int i = 0; i < kBackgroundDipoles; ++i) {
    Vec3 direction = unit(normal3(rng, 1));
    direction.z = std::abs(direction.z) - 0.3;
    const Vec3 place = rng.uniform(0.5, 0.85) * unit(direction);
    person.background.push_back({place, unit(normal3(rng, 1)), 1});
  }
  person.alpha = {{{-0.25, -0.70, 0.20}, unit({-0.3, -0.9, 0.2}), 1},
                  {{0.25, -0.70, 0.20}, unit({0.3, -0.9, 0.2}), 0.9}};
  return person;
}

Session make_session(const SynthOptions& options, int subject, int session) {
  Rng rng(options.seed, "session",
          static_cast<std::uint64_t>(subject) * 100000 + static_cast<std::uint64_t>(session));
  Session result;
  const Vec3 angle = normal3(rng, kCapShift);
  for (int c = 0; c < options.channels; ++c) {
    result.electrodes.push_back(rotated(electrodes()[static_cast<std::size_t>(c)].position, angle));
    result.gain.push_back(std::exp(rng.normal(0, kChannelGainSpread)));
    result.mains.push_back(rng.uniform(0.3, 1));
    result.is_dead.push_back(rng.uniform() < options.dead_probability);
  }
  if (std::ranges::find(result.is_dead, false) == result.is_dead.end()) result.is_dead[0] = false;
  return result;
}

LeadField lead_field(const Session& session, const std::vector<Dipole>& dipoles) {
  LeadField field;
  field.dipoles = dipoles.size();
  for (const Vec3& electrode : session.electrodes) {
    for (const Dipole& dipole : dipoles) {
      field.values.push_back(
          head_potential(electrode, dipole.position, dipole.gain * dipole.orientation));
    }
  }
  return field;
}

}  // namespace nest::synth
