#include "nest/compress/calibrator.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "nest/core/rng.h"

namespace nest::compress {
namespace {

MagnitudeStatistics seen(const std::vector<float>& values) {
  MagnitudeStatistics statistics;
  statistics.histogram.add(values);
  return statistics;
}

double threshold(const std::vector<float>& values, Calibrator calibrator) {
  return threshold_of(seen(values), {.calibrator = calibrator});
}

/// Mean squared error of the codes for a threshold.
double error_of(const std::vector<float>& values, double threshold) {
  const double scale = threshold / 127;
  double sum = 0;
  for (const float value : values) {
    const auto x = static_cast<double>(value);
    sum += std::pow(x - scale * std::clamp(std::nearbyint(x / scale), -127.0, 127.0), 2);
  }
  return sum / static_cast<double>(values.size());
}

std::vector<float> normal(std::size_t count) {
  Rng rng(5);
  std::vector<float> values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(static_cast<float>(rng.normal()));
  return values;
}

/// Normal but for a few outliers.
std::vector<float> heavy() {
  std::vector<float> values = normal(20000);
  values[17] = 300;
  values[4711] = -250;
  return values;
}

TEST(Calibrator, minmax_takes_the_largest_magnitude) {
  EXPECT_EQ(threshold({0.5f, -3, 2}, Calibrator::kMinMax), 3);
}

TEST(Calibrator, percentile_leaves_the_given_share_above) {
  std::vector<float> values;
  for (int i = 1; i <= 10000; ++i) values.push_back(static_cast<float>(i));
  const MagnitudeStatistics statistics = seen(values);
  const double width = statistics.histogram.bin_width();
  for (const double percent : {50.0, 90.0, 99.0, 99.9}) {
    const CalibratorOptions options{.calibrator = Calibrator::kPercentile, .percentile = percent};
    EXPECT_NEAR(threshold_of(statistics, options), percent * 100, width + 1) << percent;
  }
  EXPECT_EQ(threshold_of(statistics, {.calibrator = Calibrator::kPercentile, .percentile = 100}),
            10000);
}

TEST(Calibrator, mse_finds_the_threshold_of_least_error) {
  for (const std::vector<float>& values : {normal(20000), heavy()}) {
    const double found = threshold(values, Calibrator::kMse);
    double least = error_of(values, threshold(values, Calibrator::kMinMax));
    for (double t = 0.5; t < 300; t *= 1.02) least = std::min(least, error_of(values, t));
    EXPECT_LT(error_of(values, found), 1.1 * least);
  }
}

TEST(Calibrator, outliers_cost_the_largest_magnitude_its_resolution_and_others_not) {
  const std::vector<float> values = heavy();
  const std::vector<float> inner = normal(20000);
  const double by_largest = error_of(inner, threshold(values, Calibrator::kMinMax));
  for (const Calibrator calibrator :
       {Calibrator::kPercentile, Calibrator::kEntropy, Calibrator::kMse}) {
    EXPECT_LT(error_of(inner, threshold(values, calibrator)), by_largest) << name_of(calibrator);
  }
}

TEST(Calibrator, entropy_keeps_the_range_of_values_without_a_tail) {
  Rng rng(7);
  std::vector<float> values;
  for (int i = 0; i < 200000; ++i) values.push_back(static_cast<float>(rng.uniform(-1, 1)));
  EXPECT_GT(threshold(values, Calibrator::kEntropy), 0.95);
  EXPECT_LT(threshold(heavy(), Calibrator::kEntropy), 150);
}

TEST(Calibrator, moving_average_is_what_the_batches_made_of_it) {
  MagnitudeStatistics statistics = seen({1, 8});
  statistics.moving_largest = 3.5;
  EXPECT_EQ(threshold_of(statistics, {.calibrator = Calibrator::kMoving}), 3.5);
}

TEST(Calibrator, zeros_alone_have_no_scale_and_one_magnitude_keeps_its_own) {
  for (const EnumName& name : enum_table(Calibrator{}).names) {
    MagnitudeStatistics zeros = seen({0, 0, 0}), same = seen(std::vector<float>(50, -2.5f));
    same.moving_largest = 2.5;
    const CalibratorOptions options{.calibrator = static_cast<Calibrator>(name.value)};
    EXPECT_EQ(threshold_of(zeros, options), 0) << name.name;
    EXPECT_EQ(threshold_of(same, options), 2.5) << name.name;
  }
}

}  // namespace
}  // namespace nest::compress
