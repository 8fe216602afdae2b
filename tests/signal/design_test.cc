#include "nest/signal/design.h"

#include <algorithm>
#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/signal/filter.h"
#include "tests/support/error_of.h"
#include "tests/support/paths.h"

namespace nest::signal {
namespace {

// Coefficients of high-order band filters reach 1e0; 1e-12 is absolute, relative above 1.
constexpr double kTolerance = 1e-12;

const Json& golden() {
  static const Json data = load_json(test::tests_dir() / "golden/signal/design.json");
  return data;
}

BandKind kind_of(const std::string& name) {
  if (name == "lowpass") return BandKind::kLowpass;
  if (name == "highpass") return BandKind::kHighpass;
  return name == "bandpass" ? BandKind::kBandpass : BandKind::kBandstop;
}

double excess(double value, double expected) {
  return std::abs(value - expected) / std::max(1.0, std::abs(expected));
}

std::string name_of_case(const Json& c) {
  return c.at("kind").get<std::string>() + " order " + c.at("order").dump() + " edges " +
         c.at("edges").dump() + " rate " + c.at("rate").dump();
}

// In a band centred on a quarter of the rate every pole has a mirror image at the same radius.
bool has_mirrored_poles(const Json& c) {
  const auto edges = c.at("edges").get<std::vector<double>>();
  return edges.size() == 2 && edges[0] + edges[1] == c.at("rate").get<double>() / 2;
}

double distance(const SosSection& s, const std::vector<double>& row) {
  return std::max({excess(s.b0, row[0]), excess(s.b1, row[1]), excess(s.b2, row[2]),
                   excess(s.a1, row[4]), excess(s.a2, row[5])});
}

TEST(Design, butterworth_sections_equal_scipy_in_order_pairing_and_value) {
  int compared = 0;
  for (const Json& c : golden().at("butterworth")) {
    if (has_mirrored_poles(c)) continue;
    const auto edges = c.at("edges").get<std::vector<double>>();
    const Sos sos = design_butterworth(c.at("order"), kind_of(c.at("kind")), edges, c.at("rate"));
    const auto rows = c.at("sos").get<std::vector<std::vector<double>>>();
    ASSERT_EQ(sos.size(), rows.size()) << name_of_case(c);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      EXPECT_LE(distance(sos[i], rows[i]), kTolerance) << name_of_case(c) << " section " << i;
    }
    ++compared;
  }
  EXPECT_GT(compared, 250);
}

// Which of two mirrored pairs is nearer the unit circle is decided by SciPy's rounding, and that by
// its machine; the set of sections is what both must agree on.
TEST(Design, mirrored_butterworth_sections_equal_scipy_in_some_order) {
  for (const Json& c : golden().at("butterworth")) {
    if (!has_mirrored_poles(c)) continue;
    const auto edges = c.at("edges").get<std::vector<double>>();
    Sos sos = design_butterworth(c.at("order"), kind_of(c.at("kind")), edges, c.at("rate"));
    for (auto row : c.at("sos").get<std::vector<std::vector<double>>>()) {
      const auto nearest =
          std::ranges::min_element(sos, {}, [&](const SosSection& s) { return distance(s, row); });
      ASSERT_NE(nearest, sos.end()) << name_of_case(c);
      EXPECT_LE(distance(*nearest, row), kTolerance) << name_of_case(c);
      sos.erase(nearest);
    }
    EXPECT_TRUE(sos.empty()) << name_of_case(c);
  }
}

TEST(Design, steady_state_equals_scipy_zi_on_the_same_coefficients) {
  for (const Json& c : golden().at("butterworth")) {
    const auto rows = c.at("sos").get<std::vector<std::vector<double>>>();
    Sos sos;
    for (const auto& r : rows) sos.push_back({r[0], r[1], r[2], r[4], r[5]});
    const auto expected = c.at("zi").get<std::vector<std::vector<double>>>();
    const std::vector<SosState> state = sos_steady_state(sos);
    ASSERT_EQ(state.size(), expected.size());
    for (std::size_t i = 0; i < state.size(); ++i) {
      EXPECT_LE(excess(state[i][0], expected[i][0]), 1e-10) << c.at("kind") << c.at("edges");
      EXPECT_LE(excess(state[i][1], expected[i][1]), 1e-10) << c.at("kind") << c.at("edges");
    }
  }
}

TEST(Design, notch_equals_scipy) {
  for (const Json& c : golden().at("notch")) {
    const SosSection s = design_notch(c.at("hz"), c.at("q"), c.at("rate"));
    const auto b = c.at("b").get<std::vector<double>>();
    const auto a = c.at("a").get<std::vector<double>>();
    EXPECT_LE(excess(s.b0, b[0]), kTolerance);
    EXPECT_LE(excess(s.b1, b[1]), kTolerance);
    EXPECT_LE(excess(s.b2, b[2]), kTolerance);
    EXPECT_LE(excess(s.a1, a[1]), kTolerance);
    EXPECT_LE(excess(s.a2, a[2]), kTolerance);
  }
}

TEST(Design, frequency_response_equals_scipy) {
  const Json& c = golden().at("response");
  const Sos sos = design_butterworth(4, BandKind::kBandpass, {0.5, 40.0}, 500.0);
  const auto response = frequency_response(sos, c.at("hz").get<std::vector<double>>(), 500.0);
  for (std::size_t i = 0; i < response.size(); ++i) {
    EXPECT_NEAR(response[i].real(), c.at("real")[i].get<double>(), 1e-9);
    EXPECT_NEAR(response[i].imag(), c.at("imag")[i].get<double>(), 1e-9);
  }
}

TEST(Design, gain_is_minus_three_decibels_at_the_edges_and_zero_at_the_notch) {
  const Sos sos = design_butterworth(6, BandKind::kBandpass, {4.0, 30.0}, 250.0);
  const auto response = frequency_response(sos, {4.0, 30.0}, 250.0);
  EXPECT_NEAR(std::abs(response[0]), std::sqrt(0.5), 1e-9);
  EXPECT_NEAR(std::abs(response[1]), std::sqrt(0.5), 1e-9);
  EXPECT_LT(std::abs(frequency_response({design_notch(60, 30, 250)}, {60.0}, 250)[0]), 1e-12);
}

TEST(Design, errors_name_the_value_and_the_limit) {
  const auto message = [](const auto& call) {
    return test::error_of(call, ErrorCode::kInvalidArgument);
  };
  EXPECT_NE(message([] { design_butterworth(4, BandKind::kLowpass, {300}, 500); }).find("250"),
            std::string::npos);
  EXPECT_NE(message([] { design_butterworth(0, BandKind::kLowpass, {30}, 500); }).find("order 0"),
            std::string::npos);
  EXPECT_NE(message([] {
              design_butterworth(2, BandKind::kBandpass, {40, 1}, 500);
            }).find("lower"),
            std::string::npos);
  EXPECT_NE(message([] { design_butterworth(2, BandKind::kBandpass, {40}, 500); }).find("2 needed"),
            std::string::npos);
  EXPECT_NE(message([] { design_notch(50, 0, 500); }).find("quality"), std::string::npos);
  EXPECT_NE(message([] { design_notch(50, 30, 0); }).find("sampling rate"), std::string::npos);
}

TEST(DecayBound, holds_what_is_left_of_the_impulse_response_and_is_not_far_above_it) {
  Sos sos = design_butterworth(4, BandKind::kBandpass, {1, 40}, 250);
  sos.push_back(design_notch(50, 30, 250));
  SosFilter filter(sos, 1);
  std::vector<double> h(5000, 0.0);
  h[0] = 1;
  filter.process(SignalView<const double>(h.data(), 1, 5000),
                 SignalView<double>(h.data(), 1, 5000));
  for (const std::size_t n : {20u, 250u, 1000u, 2000u}) {
    double left = 0;
    for (std::size_t k = n; k < h.size(); ++k) left += std::abs(h[k]);
    const double bound = decay_bound(sos, static_cast<double>(n));
    EXPECT_GE(bound, left) << n;
    EXPECT_LE(bound, 100 * left) << n;
  }
  EXPECT_NEAR(largest_pole_radius(sos), 0.99074, 1e-5);
  EXPECT_NEAR(decay_bound(sos, 2500), 2.1e-10, 1e-11);
}

TEST(DecayBound, a_repeated_pole_has_none) {
  const SosSection twice{1, 0, 0, -1.8, 0.81};
  EXPECT_EQ(decay_bound({twice}, 100), std::numeric_limits<double>::infinity());
  EXPECT_EQ(decay_bound({}, 100), 0);
}

}  // namespace
}  // namespace nest::signal
