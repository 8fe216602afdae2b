#include "nest/compress/activation_statistics.h"

#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/core/rng.h"

namespace nest::compress {
namespace {

void show(ActivationStatistics& statistics, std::string_view product,
          const std::vector<float>& values) {
  const auto n = static_cast<std::int64_t>(values.size());
  statistics.observe(statistics.number_of(product), {values.data(), 1, n, n});
}

TEST(ActivationStatistics, what_lies_between_rows_is_not_seen) {
  ActivationStatistics statistics({.calibrator = Calibrator::kMinMax});
  const std::vector<float> memory{1, 2, 99, 3, -4, 99};
  statistics.observe(statistics.number_of("a"), {memory.data(), 2, 2, 3});
  const auto seen = statistics.by_product();
  EXPECT_EQ(seen.at("a").histogram.count(), 4u);
  EXPECT_EQ(seen.at("a").histogram.largest(), 4.0f);
  EXPECT_EQ(statistics.scales().at("a").scale, 4.0f / 127.0f);
}

TEST(ActivationStatistics, memory_is_the_same_after_ten_and_ten_thousand_batches) {
  ActivationStatistics statistics;
  Rng rng(3);
  std::size_t after_ten = 0;
  for (int batch = 0; batch < 10000; ++batch) {
    std::vector<float> values;
    for (int i = 0; i < 20; ++i) values.push_back(static_cast<float>(rng.normal(0, batch + 1)));
    show(statistics, "a", values);
    show(statistics, "b", values);
    statistics.end_batch();
    if (batch == 9) after_ten = statistics.memory_bytes();
  }
  EXPECT_EQ(statistics.memory_bytes(), after_ten);
  EXPECT_LT(after_ten, 100000u);
  EXPECT_EQ(statistics.by_product().at("a").batches, 10000u);
}

TEST(ActivationStatistics, the_moving_average_follows_the_largest_of_each_batch) {
  ActivationStatistics statistics({.calibrator = Calibrator::kMoving, .momentum = 0.75});
  show(statistics, "a", {8});
  show(statistics, "a", {2});
  statistics.end_batch();
  show(statistics, "b", {1});
  statistics.end_batch();  // nothing of a in this one
  show(statistics, "a", {4});
  statistics.end_batch();
  EXPECT_EQ(statistics.by_product().at("a").moving_largest, 0.75 * 8 + 0.25 * 4);
  EXPECT_EQ(statistics.scales().at("a").scale, 7.0f / 127.0f);
}

TEST(ActivationStatistics, products_without_values_or_with_zeros_have_no_scale) {
  ActivationStatistics statistics;
  statistics.number_of("never");
  show(statistics, "zeros", {0, 0});
  show(statistics, "some", {1});
  EXPECT_FALSE(statistics.by_product().contains("never"));
  EXPECT_EQ(statistics.scales().size(), 1u);
  statistics.clear();
  EXPECT_TRUE(statistics.by_product().empty());
}

TEST(ActivationStatistics, values_that_are_not_finite_are_an_error_that_names_the_product) {
  ActivationStatistics statistics;
  show(statistics, "lstm/l0/ih", {1, std::numeric_limits<float>::quiet_NaN()});
  try {
    statistics.scales();
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kDataCorrupt);
    EXPECT_THAT(error.what(), testing::HasSubstr("1 of 2 values that went into 'lstm/l0/ih'"));
  }
}

}  // namespace
}  // namespace nest::compress
