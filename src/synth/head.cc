#include "head.h"

#include <numbers>

namespace nest::synth {
namespace {

// Inclination from Cz (negative: left) and azimuth in degrees, the usual spherical 10-10 table.
struct Angles {
  std::string_view name;
  double inclination;
  double azimuth;
};

constexpr Angles kAngles[] = {
    {"Fp1", -92, -72}, {"Fp2", 92, 72},    {"F7", -92, -36},  {"F3", -60, -51},  {"Fz", 46, 90},
    {"F4", 60, 51},    {"F8", 92, 36},     {"T7", -92, 0},    {"C3", -46, 0},    {"Cz", 0, 0},
    {"C4", 46, 0},     {"T8", 92, 0},      {"P7", -92, 36},   {"P3", -60, 51},   {"Pz", 46, -90},
    {"P4", 60, -51},   {"P8", 92, -36},    {"O1", -92, 72},   {"O2", 92, -72},   {"FC5", -72, -21},
    {"FC1", -32, -45}, {"FC2", 32, 45},    {"FC6", 72, 21},   {"CP5", -72, 21},  {"CP1", -32, 45},
    {"CP2", 32, -45},  {"CP6", 72, -21},   {"Oz", 92, -90},   {"FT7", -92, -18}, {"FT8", 92, 18},
    {"TP7", -92, 18},  {"TP8", 92, -18},   {"AF3", -74, -65}, {"AF4", 74, 65},   {"PO3", -74, 65},
    {"PO4", 74, -65},  {"FCz", 23, 90},    {"CPz", 23, -90},  {"POz", 69, -90},  {"Fpz", 92, 90},
    {"AF7", -92, -54}, {"AF8", 92, 54},    {"F5", -75, -41},  {"F1", -50, -68},  {"F2", 50, 68},
    {"F6", 75, 41},    {"FC3", -50, -28},  {"FC4", 50, 28},   {"C5", -69, 0},    {"C1", -23, 0},
    {"C2", 23, 0},     {"C6", 69, 0},      {"CP3", -50, 28},  {"CP4", 50, -28},  {"P5", -75, 41},
    {"P1", -50, 68},   {"P2", 50, -68},    {"P6", 75, -41},   {"PO7", -92, 54},  {"PO8", 92, -54},
    {"AFz", 69, 90},   {"FT9", -115, -18}, {"FT10", 115, 18}, {"Iz", 115, -90},
};

Vec3 on_sphere(double inclination_deg, double azimuth_deg) {
  const double theta = inclination_deg * std::numbers::pi / 180;
  const double phi = azimuth_deg * std::numbers::pi / 180;
  return {std::sin(theta) * std::cos(phi), std::sin(theta) * std::sin(phi), std::cos(theta)};
}

Area area(std::string_view name, Vec3 position, Vec3 orientation) {
  return {name, position, unit(orientation)};
}

}  // namespace

const std::vector<Electrode>& electrodes() {
  static const std::vector<Electrode> all = [] {
    std::vector<Electrode> list;
    for (const Angles& a : kAngles) list.push_back({a.name, on_sphere(a.inclination, a.azimuth)});
    return list;
  }();
  return all;
}

const std::vector<Area>& areas() {
  static const std::vector<Area> all = {
      area("inferior frontal L", {-0.62, 0.42, 0.25}, {-0.8, 0.5, 0.3}),
      area("inferior frontal R", {0.62, 0.42, 0.25}, {0.8, 0.5, 0.3}),
      area("superior temporal L", {-0.72, 0.00, 0.10}, {-0.3, 0.2, 0.9}),
      area("superior temporal R", {0.72, 0.00, 0.10}, {0.3, 0.2, 0.9}),
      area("motor mouth L", {-0.62, 0.08, 0.48}, {-0.5, 0.8, 0.3}),
      area("motor mouth R", {0.62, 0.08, 0.48}, {0.5, 0.8, 0.3}),
      area("premotor L", {-0.42, 0.25, 0.65}, {-0.4, 0.3, 0.9}),
      area("premotor R", {0.42, 0.25, 0.65}, {0.4, 0.3, 0.9}),
      area("supramarginal L", {-0.62, -0.35, 0.40}, {-0.7, -0.4, 0.5}),
      area("supramarginal R", {0.62, -0.35, 0.40}, {0.7, -0.4, 0.5}),
      area("visual word form L", {-0.45, -0.60, -0.10}, {-0.6, -0.3, -0.7}),
      area("primary visual", {0.05, -0.80, 0.10}, {0.0, -0.8, 0.6}),
      area("supplementary motor", {0.05, 0.15, 0.78}, {0.1, 0.6, 0.8}),
      area("anterior cingulate", {0.05, 0.50, 0.45}, {0.1, 0.9, 0.5}),
  };
  return all;
}

double sphere_potential(Vec3 electrode, Vec3 dipole, Vec3 moment, double head_radius_m,
                        double sigma) {
  const Vec3 r = head_radius_m * electrode;
  const Vec3 q = head_radius_m * dipole;
  const Vec3 d = r - q;
  const double rn = length(r);
  const double dn = length(d);
  const double qq = dot(q, q);
  const double rq = dot(r, q);
  const double scale = 1 / (4 * std::numbers::pi * sigma * qq);
  const double f = dn * (rn * dn + rn * rn - rq);
  const double cube = dn * dn * dn;
  const double c1 = scale * (2 * dot(d, q) / cube + 1 / dn - 1 / rn);
  const double c2 = scale * (2 / cube + (dn + rn) / (rn * f));
  return dot(moment, (c1 - c2 * rq) * q + (c2 * qq) * r);
}

double head_potential(Vec3 electrode, Vec3 dipole, Vec3 moment) {
  constexpr double kSkullShrink = 0.61;
  return sphere_potential(electrode, kSkullShrink * dipole, moment);
}

}  // namespace nest::synth
