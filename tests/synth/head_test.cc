#include "synth/head.h"

#include <cmath>
#include <numbers>
#include <set>

#include <gtest/gtest.h>

#include "nest/core/rng.h"

namespace nest::synth {
namespace {

// The obvious twin: Legendre series of a dipole in a homogeneous sphere of radius 1 m, sigma 1 S/m
// (dipole at eccentricity f on the z axis, moment m; electrode at inclination theta, azimuth phi).
double series_potential(double f, Vec3 moment, double theta, double phi) {
  double sum = 0;
  const double x = std::cos(theta);
  const double s = std::sin(theta);
  double p_before = 1;  // P_{n-1}
  double p = x;         // P_n
  double power = 1;     // f^{n-1}
  for (int n = 1; n < 400; ++n) {
    // d/dtheta of P_n is -P_n^1; P_n^1 here without the Condon-Shortley sign.
    const double derivative = n * (p_before - x * p) / (s * s) * s;
    const double tangential = moment.x * std::cos(phi) + moment.y * std::sin(phi);
    sum += (2.0 * n + 1) / n * power * (n * moment.z * p + tangential * derivative);
    const double next = ((2.0 * n + 1) * x * p - n * p_before) / (n + 1);
    p_before = p;
    p = next;
    power *= f;
  }
  return sum / (4 * std::numbers::pi);
}

TEST(Head, closed_form_equals_the_legendre_series) {
  Rng rng(1);
  for (int i = 0; i < 200; ++i) {
    const double f = rng.uniform(0.05, 0.85);
    const double theta = rng.uniform(0.1, 3.0);
    const double phi = rng.uniform(0, 6.28);
    const Vec3 moment{rng.normal(), rng.normal(), rng.normal()};
    const Vec3 electrode{std::sin(theta) * std::cos(phi), std::sin(theta) * std::sin(phi),
                         std::cos(theta)};
    const double closed = sphere_potential(electrode, {0, 0, f}, moment, 1, 1);
    const double series = series_potential(f, moment, theta, phi);
    EXPECT_NEAR(closed, series, 1e-9 * std::max(1.0, std::abs(series))) << "f " << f;
  }
}

TEST(Head, potential_does_not_depend_on_how_the_head_is_turned) {
  const auto turn = [](Vec3 v) { return Vec3{v.z, v.x, v.y}; };
  const Vec3 electrode = unit({0.3, -0.5, 0.8});
  const Vec3 dipole{0.2, 0.5, 0.4};
  const Vec3 moment{1, -2, 0.5};
  EXPECT_NEAR(head_potential(electrode, dipole, moment),
              head_potential(turn(electrode), turn(dipole), turn(moment)), 1e-9);
}

TEST(Head, a_dipole_of_ten_nanoampere_metres_gives_microvolts) {
  const double volts =
      head_potential(unit({-0.72, 0, 0.69}), {-0.62, 0.08, 0.48}, 10e-9 * unit({-0.72, 0, 0.69}));
  EXPECT_GT(volts, 0.1e-6);
  EXPECT_LT(volts, 10e-6);
}

TEST(Head, electrodes_lie_on_the_sphere_where_their_names_say) {
  std::set<std::string_view> names;
  for (const Electrode& e : electrodes()) {
    EXPECT_NEAR(length(e.position), 1, 1e-12);
    EXPECT_TRUE(names.insert(e.name).second) << e.name;
    const char last = e.name.back();
    if (last == 'z') {
      EXPECT_NEAR(e.position.x, 0, 1e-9) << e.name;
    }
    if (last >= '0' && last <= '9') {
      EXPECT_EQ(e.position.x < 0, (last - '0') % 2 == 1) << e.name << " is on the wrong side";
    }
    if (e.name[0] == 'F' && e.name[1] != 'T') {
      EXPECT_GT(e.position.y, 0) << e.name;
    }
    if (e.name[0] == 'P' || e.name[0] == 'O') {
      EXPECT_LT(e.position.y, 0) << e.name;
    }
  }
  EXPECT_EQ(electrodes().size(), 64u);
}

}  // namespace
}  // namespace nest::synth
