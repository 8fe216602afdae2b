#pragma once

#include <string_view>
#include <vector>

#include "vec3.h"

namespace nest::synth {

/// An electrode of the 10-20 / 10-10 system on the unit sphere.
struct Electrode {
  std::string_view name;
  Vec3 position;
};

/// All electrodes known here, the 19 of the 10-20 system first; a montage of n channels is the
/// first n of them.
const std::vector<Electrode>& electrodes();

/// A patch of cortex that acts as one equivalent current dipole.
struct Area {
  std::string_view name;
  Vec3 position;     ///< in head radii
  Vec3 orientation;  ///< unit vector
};

/// Fourteen areas of the speech, motor and visual system.
const std::vector<Area>& areas();

/// Potential at the surface point `electrode` of a homogeneous conducting sphere, in volts.
///
/// With r the electrode, q the dipole's place, d = r - q, m the moment, sigma the conductivity:
///   V = m . ((c1 - c2 (r . q)) q + c2 |q|^2 r)
///   c1 = (2 (d . q) / |d|^3 + 1 / |d| - 1 / |r|) / (4 pi sigma |q|^2)
///   c2 = (2 / |d|^3 + (|d| + |r|) / (|r| F)) / (4 pi sigma |q|^2),  F = |d| (|r| |d| + |r|^2 - r .
///   q)
/// Units:    positions in head radii, moment in A m, head_radius_m in m, sigma in S/m
/// Source:   Mosher, Leahy & Lewis 1999 (IEEE Trans. Biomed. Eng. 46:245), equation for one sphere
double sphere_potential(Vec3 electrode, Vec3 dipole, Vec3 moment, double head_radius_m = 0.09,
                        double sigma = 0.33);

/// As sphere_potential for a head with skull: the dipole is moved to 0.61 of its eccentricity,
/// where a homogeneous sphere gives nearly the three-shell potential (Ary, Klein & Fender 1981).
double head_potential(Vec3 electrode, Vec3 dipole, Vec3 moment);

}  // namespace nest::synth
