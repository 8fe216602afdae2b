#include "nest/compress/histogram.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "nest/core/rng.h"

namespace nest::compress {
namespace {

/// Values whose magnitudes span many octaves, the largest last.
std::vector<float> values(std::size_t count) {
  Rng rng(3);
  std::vector<float> made;
  for (std::size_t i = 0; i < count; ++i) {
    const double octave = 20.0 * static_cast<double>(i) / static_cast<double>(count) - 10;
    made.push_back(static_cast<float>(rng.normal() * std::exp2(octave)));
    if (i % 7 == 0) made.back() = 0;
  }
  return made;
}

TEST(MagnitudeHistogram, does_not_depend_on_order_or_grouping) {
  const std::vector<float> x = values(5000);
  MagnitudeHistogram whole, backwards, parts, first, second;
  whole.add(x);
  backwards.add(std::vector<float>(x.rbegin(), x.rend()));
  for (std::size_t i = 0; i < x.size(); i += 13)
    parts.add(std::span(x).subspan(i, std::min<std::size_t>(13, x.size() - i)));
  first.add(std::span(x).first(100));
  second.add(std::span(x).subspan(100));
  EXPECT_EQ(whole, backwards);
  EXPECT_EQ(whole, parts);
  MagnitudeHistogram up = first, down = second;
  up.merge(second);
  down.merge(first);
  EXPECT_EQ(whole, up);
  EXPECT_EQ(whole, down);
  MagnitudeHistogram with_nothing = whole;
  with_nothing.merge({});
  EXPECT_EQ(whole, with_nothing);
}

TEST(MagnitudeHistogram, counts_every_value_in_the_bin_of_its_magnitude) {
  const std::vector<float> x = values(3000);
  MagnitudeHistogram histogram;
  for (const float value : x) histogram.add({&value, 1});
  std::vector<std::uint64_t> want(MagnitudeHistogram::kBins, 0);
  float largest = 0;
  std::uint64_t zeros = 0;
  for (const float value : x) {
    ++want[static_cast<std::size_t>(std::fabs(static_cast<double>(value)) / histogram.bin_width())];
    largest = std::max(largest, std::fabs(value));
    zeros += value == 0 ? 1 : 0;
  }
  EXPECT_EQ(std::vector(histogram.bins().begin(), histogram.bins().end()), want);
  EXPECT_EQ(histogram.largest(), largest);
  EXPECT_EQ(histogram.zeros(), zeros);
  EXPECT_EQ(histogram.count(), x.size());
  // The largest value is in the upper half of the range.
  const double range = histogram.bin_width() * MagnitudeHistogram::kBins;
  EXPECT_LT(static_cast<double>(largest), range);
  EXPECT_GE(static_cast<double>(largest), range / 2);
}

TEST(MagnitudeHistogram, takes_the_smallest_and_the_largest_floats_and_counts_others_apart) {
  using Limits = std::numeric_limits<float>;
  MagnitudeHistogram histogram;
  for (const float value : {Limits::denorm_min(), Limits::max(), -Limits::max(), 0.0f,
                            Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity()})
    histogram.add({&value, 1});
  EXPECT_EQ(histogram.count(), 4u);
  EXPECT_EQ(histogram.not_finite(), 3u);
  EXPECT_EQ(histogram.bins()[0], 2u);
  EXPECT_EQ(histogram.bins()[MagnitudeHistogram::kBins - 1], 2u);
  MagnitudeHistogram nothing;
  nothing.add({});
  EXPECT_EQ(nothing, MagnitudeHistogram{});
  EXPECT_EQ(nothing.bin_width(), 0);
}

}  // namespace
}  // namespace nest::compress
