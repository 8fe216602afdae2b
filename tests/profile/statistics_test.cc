#include "nest/profile/statistics.h"

#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/core/rng.h"

namespace nest::profile {
namespace {

std::vector<double> normal(std::uint64_t seed, std::size_t count, double mean) {
  Rng rng(seed);
  std::vector<double> values(count);
  for (double& value : values) value = rng.normal(mean, 1);
  return values;
}

TEST(Statistics, mann_whitney_gives_the_published_p_of_a_known_case) {
  // scipy.stats.mannwhitneyu(now, before, alternative="greater", method="asymptotic")
  const std::vector<double> before{1.1, 2.2, 3.3, 4.4, 5.5, 6.6}, now{4.0, 5.0, 6.0, 7.0, 8.0, 5.5};
  EXPECT_NEAR(slower_p(before, now), 0.05434729039826241, 1e-12);
  EXPECT_NEAR(slower_p(now, before), 0.9611758450036033, 1e-12);
}

TEST(Statistics, the_test_errs_as_often_as_its_level_says) {
  int false_alarms = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed)
    false_alarms += slower_p(normal(seed, 10, 5), normal(seed + 5000, 10, 5)) < 0.05;
  EXPECT_GT(false_alarms, 25);
  EXPECT_LT(false_alarms, 75);
}

TEST(Statistics, equal_times_are_no_difference) {
  const std::vector<double> same(8, 3.0);
  EXPECT_EQ(slower_p(same, same), 1);
  EXPECT_THROW(slower_p(std::vector<double>{1, 2, 3}, same), Error);
}

TEST(Statistics, holm_is_the_textbook_step_down) {
  const auto adjusted = holm({0.01, 0.04, 0.03, 0.005});
  const std::vector<double> want{0.03, 0.06, 0.06, 0.02};
  for (std::size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(adjusted[i], want[i], 1e-12);
}

TEST(Statistics, times_that_still_fall_are_not_steady) {
  std::vector<double> falling(20);
  std::iota(falling.rbegin(), falling.rend(), 1.0);
  EXPECT_FALSE(is_steady(falling));
  std::ranges::reverse(falling);
  EXPECT_TRUE(is_steady(falling)) << "rising is not warming up";
  int steady = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) steady += is_steady(normal(seed, 20, 5));
  EXPECT_GT(steady, 180);
}

TEST(Statistics, a_quantile_needs_values_above_it) {
  std::vector<double> times(99);
  std::iota(times.begin(), times.end(), 1.0);
  EXPECT_FALSE(quantiles(times).p95_ms.has_value());
  times.resize(5000);
  std::iota(times.begin(), times.end(), 1.0);
  const Quantiles q = quantiles(times);
  EXPECT_EQ(q.p95_ms, 4750);
  EXPECT_EQ(q.p99_ms, 4950);
  EXPECT_EQ(q.p999_ms, 4995);
  EXPECT_DOUBLE_EQ(q.spread, 1);
  times.pop_back();
  EXPECT_FALSE(quantiles(times).p999_ms.has_value());
}

TEST(Statistics, a_wide_spread_is_named_as_noise) {
  Quantiles q;
  q.runs = 10;
  q.spread = 0.5;
  const NoiseWatch watch;
  EXPECT_THAT(watch.reasons(q), testing::Contains(testing::HasSubstr("spreads over 50 %")));
}

}  // namespace
}  // namespace nest::profile
