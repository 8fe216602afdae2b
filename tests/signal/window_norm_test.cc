#include "nest/signal/window_norm.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/core/rng.h"

namespace nest::signal {
namespace {

std::vector<float> mixed_noise(int channels, int samples, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<float> x(static_cast<std::size_t>(channels * samples));
  for (int t = 0; t < samples; ++t) {
    double shared = rng.normal();
    for (int c = 0; c < channels; ++c) {
      x[static_cast<std::size_t>(c * samples + t)] =
          static_cast<float>(10 + (c + 1) * (shared + 0.5 * rng.normal()));
    }
  }
  return x;
}

double covariance(const std::vector<float>& x, int samples, int a, int b) {
  double sum = 0;
  for (int t = 0; t < samples; ++t) {
    sum += static_cast<double>(x[static_cast<std::size_t>(a * samples + t)]) *
           static_cast<double>(x[static_cast<std::size_t>(b * samples + t)]);
  }
  return sum / samples;
}

TEST(NormalizeWindow, zscore_gives_zero_mean_and_unit_variance) {
  auto x = mixed_noise(3, 400, 1);
  normalize_window({.kind = WindowNorm::kZscore}, x, 3);
  for (int c = 0; c < 3; ++c) EXPECT_NEAR(covariance(x, 400, c, c), 1.0, 1e-5);
}

TEST(NormalizeWindow, whitened_channels_are_uncorrelated_with_equal_power) {
  auto x = mixed_noise(4, 2000, 2);
  normalize_window({.kind = WindowNorm::kWhiten, .shrinkage = 1e-6}, x, 4);
  for (int a = 0; a < 4; ++a) {
    for (int b = 0; b < 4; ++b) EXPECT_NEAR(covariance(x, 2000, a, b), a == b ? 1.0 : 0.0, 1e-3);
  }
}

TEST(NormalizeWindow, scale_and_offset_of_a_channel_do_not_matter) {
  auto x = mixed_noise(3, 500, 3);
  auto y = x;
  for (int t = 0; t < 500; ++t) y[static_cast<std::size_t>(500 + t)] *= 1024.0F;
  normalize_window({.kind = WindowNorm::kWhiten}, x, 3);
  normalize_window({.kind = WindowNorm::kWhiten}, y, 3);
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(x[i], y[i], 1e-4);
}

TEST(NormalizeWindow, an_outlier_is_clipped_and_a_dead_channel_becomes_zero) {
  auto x = mixed_noise(2, 300, 4);
  for (int t = 0; t < 300; ++t) x[static_cast<std::size_t>(300 + t)] = 7.0F;
  x[5] = 1e9F;
  normalize_window({.kind = WindowNorm::kRobust, .clip = 5}, x, 2);
  EXPECT_EQ(x[5], 5.0F);
  for (int t = 0; t < 300; ++t) EXPECT_EQ(x[static_cast<std::size_t>(300 + t)], 0.0F);
}

TEST(NormalizeWindow, nan_and_sizes_that_do_not_fit_are_errors) {
  std::vector<float> x = {1, NAN, 2, 3};
  EXPECT_THROW(normalize_window({.kind = WindowNorm::kRobust}, x, 2), Error);
  std::vector<float> fine = {1, 2, 3, 4};
  EXPECT_THROW(normalize_window({.kind = WindowNorm::kRobust}, fine, 3), Error);
}

}  // namespace
}  // namespace nest::signal
