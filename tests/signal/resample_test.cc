#include "nest/signal/resample.h"

#include <cmath>
#include <numbers>
#include <numeric>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/core/json.h"
#include "signals.h"
#include "tests/support/paths.h"

namespace nest::signal {
namespace {

using test::chunks_of;
using test::mutable_view_of;
using test::noise;
using test::view_of;

TEST(Resample, one_shot_equals_scipy_resample_poly) {
  const Json golden = load_json(test::tests_dir() / "golden/signal/resample.json");
  for (const Json& c : golden.at("resample")) {
    const auto rows = c.at("input").get<std::vector<std::vector<double>>>();
    const auto expected = c.at("output").get<std::vector<std::vector<double>>>();
    Tensor input(DType::kF64, {2, static_cast<std::int64_t>(rows[0].size())});
    std::copy(rows[0].begin(), rows[0].end(), input.mutable_data<double>().begin());
    std::copy(rows[1].begin(), rows[1].end(),
              input.mutable_data<double>().begin() + static_cast<std::ptrdiff_t>(rows[0].size()));
    const Tensor output = resample_signal(input, {c.at("up"), c.at("down")});
    const std::size_t samples = expected[0].size();
    ASSERT_EQ(output.dim(1), static_cast<std::int64_t>(samples))
        << c.at("up") << "/" << c.at("down");
    for (std::size_t i = 0; i < 2 * samples; ++i) {
      EXPECT_NEAR(output.data<double>()[i], expected[i / samples][i % samples], 1e-12);
    }
  }
}

class ResampleRatios : public ::testing::TestWithParam<ResampleRatio> {};

TEST_P(ResampleRatios, any_chunking_and_a_flush_give_the_one_shot_bits) {
  const ResampleRatio ratio = GetParam();
  const Tensor input = noise<float>(11, 700, 21);
  const Tensor whole = resample_signal(input, ratio);
  Rng rng(22);
  for (const std::int64_t chunk : {1, 3, 64, 65, 700, -90}) {
    PolyphaseResampler resampler(ratio, 11);
    Tensor output(DType::kF32, whole.shape());
    const SignalView<float> out = mutable_view_of<float>(output);
    std::int64_t start = 0;
    std::int64_t written = 0;
    for (const std::int64_t n : chunks_of(700, chunk, rng)) {
      const std::int64_t got = resampler.process(view_of<float>(input).slice(start, n),
                                                 out.slice(written, out.samples - written));
      EXPECT_LE(got, resampler.max_output(n));
      written += got;
      start += n;
    }
    const std::int64_t tail = resampler.flush(out.slice(written, out.samples - written));
    EXPECT_LE(tail, resampler.max_flush());
    EXPECT_EQ(written + tail, out.samples);
    EXPECT_TRUE(bit_equal(output, whole)) << "chunk " << chunk;
  }
}

TEST_P(ResampleRatios, equals_the_defining_sum) {
  const ResampleRatio ratio = GetParam();
  const Tensor input = noise<double>(1, 150, 23);
  const Tensor output = resample_signal(input, ratio);
  const std::vector<double> h = design_resample_filter(ratio);
  const std::int64_t divisor = std::gcd(ratio.up, ratio.down);
  const std::int64_t up = ratio.up / divisor;
  const std::int64_t down = ratio.down / divisor;
  const auto half = static_cast<std::int64_t>(h.size() / 2);
  for (std::int64_t m = 0; m < output.dim(1); ++m) {
    double sum = 0;
    for (std::int64_t k = 0; k < 150; ++k) {
      const std::int64_t tap = m * down + half - k * up;
      if (tap < 0 || tap > 2 * half) continue;
      sum += h[static_cast<std::size_t>(tap)] * input.data<double>()[static_cast<std::size_t>(k)];
    }
    EXPECT_NEAR(output.data<double>()[static_cast<std::size_t>(m)], sum, 1e-11);
  }
}

INSTANTIATE_TEST_SUITE_P(Ratios, ResampleRatios,
                         ::testing::Values(ResampleRatio{1, 1}, ResampleRatio{1, 2},
                                           ResampleRatio{2, 1}, ResampleRatio{4, 6},
                                           ResampleRatio{125, 128}, ResampleRatio{7, 5}),
                         [](const auto& info) {
                           return fmt::format("{}_to_{}", info.param.down, info.param.up);
                         });

TEST(Resample, a_slow_sine_keeps_its_phase_and_amplitude) {
  Tensor input(DType::kF64, {1, 1024});
  for (std::size_t t = 0; t < 1024; ++t) {
    input.mutable_data<double>()[t] =
        std::sin(2 * std::numbers::pi * 5 * static_cast<double>(t) / 512);
  }
  const Tensor output = resample_signal(input, {125, 256}, {.half_length = 16, .kaiser_beta = 8});
  for (std::size_t m = 50; m < 450; ++m) {
    EXPECT_NEAR(output.data<double>()[m],
                std::sin(2 * std::numbers::pi * 5 * static_cast<double>(m) / 250), 2e-3);
  }
}

TEST(Resample, ratio_of_rates_is_reduced_and_checked) {
  EXPECT_EQ(resample_ratio(512, 250).up, 125);
  EXPECT_EQ(resample_ratio(512, 250).down, 256);
  EXPECT_EQ(resample_ratio(250, 250).down, 1);
  EXPECT_EQ(resample_ratio(0.5, 1).up, 2);
  EXPECT_EQ(resample_ratio(1000, 333.25).up, 1333);
  EXPECT_THROW(resample_ratio(500, 3.14159265358979), Error);
  EXPECT_THROW(resample_ratio(0, 250), Error);
  EXPECT_THROW(resample_ratio(1, 1e9), Error);
  EXPECT_THROW(PolyphaseResampler({10007, 1}, 1), Error);
  EXPECT_THROW(PolyphaseResampler({2, 1}, 0), Error);
}

}  // namespace
}  // namespace nest::signal
