#include "nest/signal/preprocess.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/signal/design.h"
#include "nest/signal/filter.h"
#include "signals.h"

namespace nest::signal {
namespace {

using test::chunks_of;
using test::mutable_view_of;
using test::noise;
using test::view_of;

OnlinePreprocessorOptions plain(int channels) {
  OnlinePreprocessorOptions options;
  options.channels = channels;
  options.bandpass_hz = {};
  return options;
}

template <class T>
Tensor run(OnlinePreprocessor& preprocessor, const Tensor& input, std::int64_t chunk,
           std::uint64_t seed = 1) {
  Rng rng(seed);
  Tensor output(input.dtype(), {input.dim(0), preprocessor.max_output(input.dim(1))});
  const SignalView<T> out = mutable_view_of<T>(output);
  std::int64_t start = 0;
  std::int64_t written = 0;
  for (const std::int64_t n : chunks_of(input.dim(1), chunk, rng)) {
    written +=
        preprocessor
            .process(view_of<T>(input).slice(start, n), out.slice(written, out.samples - written))
            .samples;
    start += n;
  }
  Tensor result(input.dtype(), {input.dim(0), written});
  for (int c = 0; c < input.dim(0); ++c) {
    std::copy_n(out.row(c), written, mutable_view_of<T>(result).row(c));
  }
  return result;
}

template <class T>
Tensor run_once(const OnlinePreprocessorOptions& options, const Tensor& input) {
  OnlinePreprocessor preprocessor(options);
  return run<T>(preprocessor, input, input.dim(1));
}

struct Variant {
  const char* name;
  OnlinePreprocessorOptions options;
};

std::vector<Variant> variants() {
  OnlinePreprocessorOptions filter = plain(19);
  filter.bandpass_hz = {0.5, 40};
  filter.notch_hz = {50, 100};
  OnlinePreprocessorOptions steady = filter;
  steady.start = Start::kSteady;
  OnlinePreprocessorOptions average = plain(19);
  average.ref_electrode = Reference::kAverage;
  average.bad_channels = {3, 17};
  OnlinePreprocessorOptions zero = average;
  zero.bad_policy = BadChannels::kZero;
  OnlinePreprocessorOptions channel = plain(19);
  channel.ref_electrode = Reference::kChannels;
  channel.ref_channels = {0, 18};
  OnlinePreprocessorOptions running = plain(19);
  running.normalization = Normalization::kRunning;
  running.running_s = 0.5;
  OnlinePreprocessorOptions fixed = plain(19);
  fixed.normalization = Normalization::kFixed;
  fixed.mean.assign(19, 30.0);
  fixed.stddev.assign(19, 10.0);
  OnlinePreprocessorOptions resample = plain(19);
  resample.output_rate_hz = 128;
  OnlinePreprocessorOptions all = steady;
  all.bad_channels = {5};
  all.ref_electrode = Reference::kAverage;
  all.output_rate_hz = 250;
  all.normalization = Normalization::kRunning;
  return {{"filter", filter}, {"steady", steady},     {"average", average},
          {"zero", zero},     {"channel", channel},   {"running", running},
          {"fixed", fixed},   {"resample", resample}, {"all", all}};
}

class PreprocessVariants : public ::testing::TestWithParam<Variant> {};

TEST_P(PreprocessVariants, any_chunking_gives_the_one_shot_bits) {
  Tensor input = noise<float>(19, 901, 41);
  input.mutable_data<float>()[500] = std::numeric_limits<float>::quiet_NaN();
  input.mutable_data<float>()[4000] = std::numeric_limits<float>::infinity();
  OnlinePreprocessor whole(GetParam().options);
  const Tensor expected = run<float>(whole, input, 901);
  EXPECT_EQ(whole.counts().non_finite, 2);
  for (const std::int64_t chunk : {1, 5, 63, 64, 100, 900, -40, -300}) {
    OnlinePreprocessor preprocessor(GetParam().options);
    EXPECT_TRUE(bit_equal(run<float>(preprocessor, input, chunk), expected)) << "chunk " << chunk;
    EXPECT_EQ(preprocessor.counts().non_finite, 2);
  }
}

INSTANTIATE_TEST_SUITE_P(Variants, PreprocessVariants, ::testing::ValuesIn(variants()),
                         [](const auto& info) { return info.param.name; });

TEST_P(PreprocessVariants, a_whole_recording_is_what_its_chunks_and_the_flush_give) {
  const Tensor input = noise<float>(19, 901, 43);
  OnlinePreprocessor at_once(GetParam().options);
  const Tensor expected = process_all(at_once, input);
  OnlinePreprocessor in_parts(GetParam().options);
  EXPECT_TRUE(bit_equal(process_all(in_parts, input, 37), expected));
  OnlinePreprocessor by_hand(GetParam().options);
  const Tensor before_flush = run<float>(by_hand, input, 901);
  ASSERT_GE(expected.dim(1), before_flush.dim(1));
  for (std::int64_t c = 0; c < 19; ++c) {
    EXPECT_TRUE(std::equal(view_of<float>(before_flush).row(c),
                           view_of<float>(before_flush).row(c) + before_flush.dim(1),
                           view_of<float>(expected).row(c)));
  }
  EXPECT_THROW(process_all(at_once, noise<float>(3, 10, 1)), Error);
  EXPECT_THROW(process_all(at_once, input, -1), Error);
}

TEST(Preprocess, filtering_alone_equals_the_filter) {
  OnlinePreprocessorOptions options = plain(9);
  options.bandpass_hz = {0.5, 40};
  options.notch_hz = {50};
  const Tensor input = noise<double>(9, 400, 42);
  EXPECT_TRUE(
      bit_equal(run_once<double>(options, input), filter_signal(design_cascade(options), input)));
}

TEST(Preprocess, an_open_side_makes_a_low_or_high_pass) {
  OnlinePreprocessorOptions options = plain(1);
  options.bandpass_hz = {0, 40};
  EXPECT_EQ(design_cascade(options).size(), 2u);
  EXPECT_NEAR(std::abs(frequency_response(design_cascade(options), {0}, 500)[0]), 1, 1e-12);
  options.bandpass_hz = {1, 0};
  EXPECT_NEAR(std::abs(frequency_response(design_cascade(options), {0}, 500)[0]), 0, 1e-12);
}

TEST(Preprocess, common_average_leaves_a_zero_mean_over_good_channels) {
  OnlinePreprocessorOptions options = plain(10);
  options.ref_electrode = Reference::kAverage;
  options.bad_channels = {4};
  options.bad_policy = BadChannels::kZero;
  const Tensor input = noise<double>(10, 50, 43);
  const Tensor output = run_once<double>(options, input);
  for (std::int64_t t = 0; t < 50; ++t) {
    double sum = 0;
    for (int c = 0; c < 10; ++c) sum += view_of<double>(output).row(c)[t];
    EXPECT_NEAR(sum, 0, 1e-10);
    EXPECT_EQ(view_of<double>(output).row(4)[t], 0);
  }
}

TEST(Preprocess, an_interpolated_channel_is_the_mean_of_the_good_ones) {
  OnlinePreprocessorOptions options = plain(4);
  options.bad_channels = {1};
  const Tensor input = noise<double>(4, 20, 44);
  const Tensor output = run_once<double>(options, input);
  for (std::int64_t t = 0; t < 20; ++t) {
    const auto x = [&](int c) { return view_of<double>(input).row(c)[t]; };
    EXPECT_NEAR(view_of<double>(output).row(1)[t], (x(0) + x(2) + x(3)) / 3, 1e-12);
    EXPECT_EQ(view_of<double>(output).row(2)[t], x(2));
  }
}

TEST(Preprocess, values_that_are_not_finite_follow_the_policy_and_are_counted) {
  Tensor input = noise<double>(2, 6, 45);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  input.mutable_data<double>()[2] = nan;
  input.mutable_data<double>()[3] = -std::numeric_limits<double>::infinity();
  OnlinePreprocessorOptions options = plain(2);
  const Tensor held = run_once<double>(options, input);
  EXPECT_EQ(held.data<double>()[2], input.data<double>()[1]);
  EXPECT_EQ(held.data<double>()[3], input.data<double>()[1]);
  EXPECT_EQ(held.data<double>()[4], input.data<double>()[4]);
  options.non_finite = NonFinite::kZero;
  EXPECT_EQ(run_once<double>(options, input).data<double>()[2], 0);

  options.non_finite = NonFinite::kError;
  options.bandpass_hz = {1, 40};
  OnlinePreprocessor strict(options);
  Tensor output(DType::kF64, {2, 6});
  const PreprocessResult refused =
      strict.process(view_of<double>(input), mutable_view_of<double>(output));
  EXPECT_TRUE(refused.is_refused);
  EXPECT_EQ(refused.samples, 0);
  EXPECT_EQ(strict.counts().refused_chunks, 1);
  const Tensor clean = noise<double>(2, 50, 46);
  EXPECT_TRUE(bit_equal(run<double>(strict, clean, 50), run_once<double>(options, clean)));
}

TEST(Preprocess, after_a_gap_the_filter_starts_anew_and_running_statistics_stay) {
  OnlinePreprocessorOptions options = plain(3);
  options.bandpass_hz = {1, 40};
  options.start = Start::kSteady;
  const Tensor before = noise<double>(3, 100, 47);
  const Tensor after = noise<double>(3, 100, 48);
  OnlinePreprocessor preprocessor(options);
  run<double>(preprocessor, before, 100);
  preprocessor.handle_gap();
  EXPECT_TRUE(bit_equal(run<double>(preprocessor, after, 100), run_once<double>(options, after)));
  EXPECT_EQ(preprocessor.counts().gaps, 1);

  options.normalization = Normalization::kRunning;
  OnlinePreprocessor normalising(options);
  run<double>(normalising, before, 100);
  normalising.handle_gap();
  EXPECT_FALSE(bit_equal(run<double>(normalising, after, 100), run_once<double>(options, after)));
  normalising.reset();
  EXPECT_TRUE(bit_equal(run<double>(normalising, after, 100), run_once<double>(options, after)));
}

TEST(Preprocess, running_normalisation_approaches_zero_mean_and_unit_deviation) {
  OnlinePreprocessorOptions options = plain(2);
  options.normalization = Normalization::kRunning;
  options.running_s = 4;
  const Tensor output = run_once<double>(options, noise<double>(2, 20000, 49));
  double sum = 0;
  double squares = 0;
  for (std::int64_t t = 10000; t < 20000; ++t) {
    sum += view_of<double>(output).row(1)[t];
    squares += view_of<double>(output).row(1)[t] * view_of<double>(output).row(1)[t];
  }
  EXPECT_NEAR(sum / 10000, 0, 0.05);
  EXPECT_NEAR(squares / 10000, 1, 0.05);
}

TEST(Preprocess, bad_channels_may_change_while_streaming) {
  OnlinePreprocessor preprocessor(plain(3));
  const Tensor input = noise<double>(3, 10, 50);
  preprocessor.set_bad_channels({0});
  const Tensor output = run<double>(preprocessor, input, 10);
  EXPECT_NE(output.data<double>()[0], input.data<double>()[0]);
  preprocessor.set_bad_channels({});
  EXPECT_TRUE(bit_equal(run<double>(preprocessor, input, 10), input));
  EXPECT_THROW(preprocessor.set_bad_channels({3}), Error);
  EXPECT_THROW(preprocessor.set_bad_channels({0, 1, 2}), Error);
}

TEST(Preprocess, flush_completes_the_resampled_recording) {
  OnlinePreprocessorOptions options = plain(2);
  options.output_rate_hz = 200;
  const Tensor input = noise<double>(2, 333, 51);
  OnlinePreprocessor preprocessor(options);
  const Tensor head = run<double>(preprocessor, input, 333);
  Tensor tail(DType::kF64, {2, preprocessor.max_flush()});
  const std::int64_t rest = preprocessor.flush(mutable_view_of<double>(tail));
  const Tensor whole = resample_signal(input, {2, 5});
  ASSERT_EQ(head.dim(1) + rest, whole.dim(1));
  for (std::int64_t t = 0; t < rest; ++t) {
    EXPECT_EQ(view_of<double>(tail).row(1)[t], view_of<double>(whole).row(1)[head.dim(1) + t]);
  }
}

TEST(Preprocess, impossible_options_are_errors) {
  const auto rejects = [](auto&& change) {
    OnlinePreprocessorOptions options = plain(4);
    change(options);
    EXPECT_THROW(OnlinePreprocessor{options}, Error);
  };
  rejects([](auto& o) { o.channels = 0; });
  rejects([](auto& o) { o.bandpass_hz = {1}; });
  rejects([](auto& o) { o.bandpass_hz = {0, 0}; });
  rejects([](auto& o) { o.notch_hz = {300}; });
  rejects([](auto& o) { o.ref_electrode = Reference::kChannels; });
  rejects([](auto& o) { o.bad_channels = {9}; });
  rejects([](auto& o) { o.bad_channels = {1}, o.bad_policy = BadChannels::kError; });
  rejects([](auto& o) { o.normalization = Normalization::kFixed; });
  rejects([](auto& o) { o.running_s = 0; });
  rejects([](auto& o) { o.output_rate_hz = -1; });
}

}  // namespace
}  // namespace nest::signal
