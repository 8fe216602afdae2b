#include "nest/decode/calibration.h"

#include <cmath>

#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/core/rng.h"

namespace nest::decode {
namespace {

/// Tokens that are right as often as their log-odds, divided by `temperature`, say.
std::vector<JudgedToken> overconfident(double temperature, int count) {
  Rng rng(12);
  std::vector<JudgedToken> tokens;
  for (int i = 0; i < count; ++i) {
    const double z = 3 * rng.normal();
    const double truth = 1 / (1 + std::exp(-z));
    const double said = 1 / (1 + std::exp(-z * temperature));
    tokens.push_back({static_cast<float>(said), rng.uniform() < truth});
  }
  return tokens;
}

TEST(Calibration, the_temperature_that_made_the_data_is_found) {
  const auto tokens = overconfident(2.5, 40000);
  EXPECT_NEAR(fit_temperature(tokens), 2.5, 0.1);
}

TEST(Calibration, the_fitted_temperature_lowers_the_calibration_error) {
  const auto tokens = overconfident(3, 20000);
  const auto before = calibration_report(tokens);
  const auto after = calibration_report(with_temperature(tokens, fit_temperature(tokens)));
  EXPECT_GT(before.ece, 0.05);
  EXPECT_LT(after.ece, 0.02);
  EXPECT_LT(after.nll, before.nll);
  EXPECT_LT(after.brier, before.brier);
}

TEST(Calibration, expected_calibration_error_of_a_known_case) {
  // Two bins: confidence 0.9 and right half the time; confidence 0.2 and never right.
  const std::vector<JudgedToken> tokens{{0.9f, true}, {0.9f, false}, {0.2f, false}, {0.2f, false}};
  const auto report = calibration_report(tokens, 2);
  EXPECT_NEAR(report.ece, 0.5 * 0.4 + 0.5 * 0.2, 1e-6);
  EXPECT_EQ(report.bins[1].count, 2);
  EXPECT_NEAR(report.brier, (0.01 + 0.81 + 0.04 + 0.04) / 4, 1e-6);
}

TEST(Calibration, tokens_are_judged_by_the_edit_alignment) {
  Hypothesis h;
  h.tokens = {5, 7, 6, 9};
  h.confidences = {0.9f, 0.3f, 0.8f, 0.4f};
  const auto judged = judge(h, std::vector<TokenId>{5, 6, 8});
  EXPECT_TRUE(judged[0].is_correct);
  EXPECT_FALSE(judged[1].is_correct) << "inserted";
  EXPECT_TRUE(judged[2].is_correct);
  EXPECT_FALSE(judged[3].is_correct) << "substituted";
  EXPECT_EQ(judged[1].confidence, 0.3f);
}

TEST(Calibration, nothing_to_calibrate_on_is_an_error) {
  EXPECT_THROW(fit_temperature({}), Error);
  EXPECT_THROW(calibration_report({}), Error);
}

}  // namespace
}  // namespace nest::decode
