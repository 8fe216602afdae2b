#include "nest/text/bootstrap.h"

#include <cmath>

#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/core/rng.h"
#include "nest/text/significance.h"

namespace nest::text {
namespace {

const Statistic kRatio = [](std::span<const std::int64_t> sums) {
  return sums[1] > 0 ? static_cast<double>(sums[0]) / static_cast<double>(sums[1]) : std::nan("");
};

CountTable random_table(std::size_t rows, std::size_t columns, double error_rate,
                        std::uint64_t seed, std::int64_t scale = 1) {
  Rng rng(seed, "table");
  CountTable table(columns);
  for (std::size_t i = 0; i < rows; ++i) {
    std::vector<std::int64_t> row(columns, 0);
    row[1] = 10 * scale;
    for (int w = 0; w < 10; ++w) row[0] += (rng.uniform() < error_rate) * scale;
    table.add_row(row);
  }
  return table;
}

TEST(Bootstrap, does_not_depend_on_threads_or_on_the_width_of_the_sums) {
  const std::vector<Statistic> statistics{kRatio};
  BootstrapOptions options;
  options.replicates = 500;
  options.threads = 1;
  const auto one = bootstrap_replicates(random_table(100, 2, 0.3, 1), statistics, options);
  options.threads = 3;
  EXPECT_EQ(bootstrap_replicates(random_table(100, 2, 0.3, 1), statistics, options), one);
  for (const std::size_t columns : {3u, 7u, 16u, 20u, 40u}) {
    EXPECT_EQ(bootstrap_replicates(random_table(100, columns, 0.3, 1), statistics, options), one)
        << columns << " columns";
  }
  const auto large = random_table(100, 2, 0.3, 1, 100'000'000);  // needs 64-bit sums
  EXPECT_EQ(bootstrap_replicates(large, statistics, options), one);
}

TEST(Bootstrap, resamples_like_a_plain_loop_over_units) {
  const CountTable table = random_table(50, 2, 0.3, 4);
  BootstrapOptions options;
  options.replicates = 4000;
  const std::vector<Statistic> statistics{
      [](std::span<const std::int64_t> sums) { return static_cast<double>(sums[0]); }};
  double mean = 0;
  double squares = 0;
  for (std::size_t i = 0; i < table.rows(); ++i) {
    mean += table.row(i)[0] / 50.0;
    squares += table.row(i)[0] * table.row(i)[0] / 50.0;
  }
  const Interval interval = bootstrap_intervals(table, statistics, options).front();
  // sum of 50 independent draws: standard deviation sqrt(50 * variance)
  EXPECT_NEAR(interval.standard_error, std::sqrt(50 * (squares - mean * mean)), 0.5);
  EXPECT_NEAR((interval.low + interval.high) / 2, 50 * mean, 1.5);
}

TEST(Bootstrap, percentile_and_bca_cover_the_truth_about_as_often_as_they_say) {
  for (const auto method : {IntervalMethod::kPercentile, IntervalMethod::kBca}) {
    int covered = 0;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      BootstrapOptions options;
      options.replicates = 400;
      options.method = method;
      const std::vector<Statistic> statistics{kRatio};
      const Interval interval =
          bootstrap_intervals(random_table(60, 2, 0.3, seed), statistics, options).front();
      covered += interval.low <= 0.3 && 0.3 <= interval.high;
    }
    EXPECT_GE(covered, 178) << name_of(
        method);  // 95 % of 200 is 190; 178 is four standard deviations less
  }
}

TEST(Bootstrap, clusters_are_resampled_whole) {
  const CountTable table = random_table(6, 2, 0.3, 1);
  const std::vector<std::string> subjects{"s1", "s2", "s1", "s2", "s1", "s3"};
  const CountTable grouped = table.grouped(subjects);
  EXPECT_EQ(grouped.rows(), 3u);
  EXPECT_EQ(grouped.sums(), table.sums());
  EXPECT_EQ(grouped.row(0)[1], 30u);
  EXPECT_THROW(table.grouped(std::vector<std::string>{"s1"}), Error);
}

TEST(Bootstrap, undefined_replicates_are_left_out_and_counted) {
  CountTable table(2);
  table.add_row(std::vector<std::int64_t>{1, 0});
  table.add_row(std::vector<std::int64_t>{1, 4});
  const std::vector<Statistic> statistics{kRatio};
  const Interval interval = bootstrap_intervals(table, statistics, {}).front();
  EXPECT_GT(interval.undefined, 2000u);  // a quarter of 10,000 expected
  EXPECT_LT(interval.undefined, 3000u);
  EXPECT_FALSE(std::isnan(interval.low));
}

TEST(Bootstrap, one_unit_has_no_interval) {
  const std::vector<Statistic> statistics{kRatio};
  const Interval interval = bootstrap_intervals(random_table(1, 2, 0.3, 1), statistics, {}).front();
  EXPECT_FALSE(std::isnan(interval.estimate));
  EXPECT_TRUE(std::isnan(interval.low));
}

TEST(Bootstrap, a_perfect_score_has_a_point_interval_in_both_methods) {
  const std::vector<Statistic> statistics{kRatio};
  BootstrapOptions options;
  options.replicates = 200;
  for (const auto method : {IntervalMethod::kPercentile, IntervalMethod::kBca}) {
    options.method = method;
    const Interval interval =
        bootstrap_intervals(random_table(20, 2, 0.0, 1), statistics, options).front();
    EXPECT_EQ(interval.low, 0) << name_of(method);
    EXPECT_EQ(interval.high, 0) << name_of(method);
  }
}

TEST(Significance, finds_a_real_difference_and_none_where_there_is_none) {
  BootstrapOptions options;
  options.replicates = 2000;
  const CountTable good = random_table(200, 2, 0.2, 1);
  const CountTable bad = random_table(200, 2, 0.3, 2);
  const PairedResult real = compare_paired(good, bad, kRatio, options);
  EXPECT_NEAR(real.delta.estimate, 0.1, 0.03);
  EXPECT_LT(real.p_bootstrap, 0.01);
  EXPECT_LT(real.p_randomization, 0.01);
  EXPECT_GT(real.delta.low, 0);
  const PairedResult same = compare_paired(good, good, kRatio, options);
  EXPECT_EQ(same.delta.estimate, 0);
  EXPECT_EQ(same.p_bootstrap, 1);
  EXPECT_EQ(same.p_randomization, 1);
}

TEST(Significance, p_values_under_the_null_are_near_uniform) {
  int below = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    BootstrapOptions options;
    options.replicates = 200;
    options.seed = seed;
    const PairedResult result =
        compare_paired(random_table(60, 2, 0.3, 2 * seed), random_table(60, 2, 0.3, 2 * seed + 1),
                       kRatio, options);
    below += result.p_randomization < 0.1;
  }
  EXPECT_GT(below, 4);  // 20 expected, standard deviation 4.2
  EXPECT_LT(below, 37);
}

TEST(Significance, does_not_depend_on_threads) {
  BootstrapOptions options;
  options.replicates = 500;
  options.threads = 1;
  const CountTable a = random_table(70, 2, 0.2, 1);
  const CountTable b = random_table(70, 2, 0.25, 2);
  const PairedResult one = compare_paired(a, b, kRatio, options);
  options.threads = 4;
  const PairedResult four = compare_paired(a, b, kRatio, options);
  EXPECT_EQ(one.p_bootstrap, four.p_bootstrap);
  EXPECT_EQ(one.p_randomization, four.p_randomization);
  EXPECT_EQ(one.delta.low, four.delta.low);
}

}  // namespace
}  // namespace nest::text
