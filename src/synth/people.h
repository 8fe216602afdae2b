#pragma once

#include <vector>

#include "head.h"
#include "nest/synth/options.h"

namespace nest::synth {

inline constexpr double kMicrovolt = 1e-6;  // in volts

/// One current dipole in a person's head.
struct Dipole {
  Vec3 position;
  Vec3 orientation;
  double gain = 1;
};

/// What distinguishes a person: where areas lie, how strong they are, how fast, and the background.
struct Subject {
  std::vector<Dipole> areas;
  std::vector<Dipole> background;
  std::vector<Dipole> alpha;
  double latency_shift_s = 0;
  double alpha_hz = 10;
};

/// What distinguishes a session: where the cap sits and how each channel amplifies.
struct Session {
  std::vector<Vec3> electrodes;
  std::vector<double> gain;
  std::vector<double> mains;
  std::vector<bool> is_dead;
};

/// Row-major [electrodes, dipoles]: volts per ampere metre.
struct LeadField {
  std::size_t dipoles = 0;
  std::vector<double> values;
  const double* row(std::size_t electrode) const { return values.data() + electrode * dipoles; }
};

Subject make_subject(const SynthOptions& options, int subject);
Session make_session(const SynthOptions& options, int subject, int session);
LeadField lead_field(const Session& session, const std::vector<Dipole>& dipoles);

}  // namespace nest::synth
