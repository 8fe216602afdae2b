#include "nest/contract/processor.h"

#include <cmath>
#include <numbers>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "tests/contract/signals.h"

namespace nest::contract {
namespace {

using ::testing::HasSubstr;
using ::testing::Optional;

constexpr double kRateHz = 100;

graph::SignalContract filtered_contract(
    graph::Normalization normalization = graph::Normalization::kNone) {
  graph::SignalContract c;
  c.rate_hz = kRateHz;
  c.channels = {"Fz", "Oz"};
  c.num_channels = 2;
  c.normalization = normalization;
  c.mean = {0, 0};
  c.stddev = {1.5e-5, 1.5e-5};
  return c;
}

SourceInfo eeg_source(const std::string& unit = "V", double rate_hz = kRateHz) {
  SourceInfo info{.name = "file:x", .rate_hz = rate_hz};
  info.channels = named_channels({"Fz", "Oz"}, unit);
  return info;
}

Tensor scaled(Tensor signal, double factor) {
  for (double& x : signal.mutable_data<double>()) x *= factor;
  return signal;
}

/// The warning after `seconds` of noise whose numbers are `factor` times those of EEG in volts.
std::optional<std::string> warning(const graph::SignalContract& wanted, const std::string& unit,
                                   double factor, double seconds = 12) {
  ContractProcessor processor(wanted, match(eeg_source(unit), wanted));
  const auto samples = static_cast<std::int64_t>(seconds * kRateHz);
  process_all(processor, scaled(test::eeg_volts(2, samples), factor));
  return processor.amplitude_warning();
}

TEST(Amplitude, a_million_times_too_much_names_the_unit_that_was_meant) {
  EXPECT_THAT(warning(filtered_contract(), "V", 1e6),
              Optional(HasSubstr("the numbers look like uV and are taken for V")));
  EXPECT_THAT(warning(filtered_contract(), "uV", 1),
              Optional(HasSubstr("look like V and are taken for uV")));
  EXPECT_THAT(warning(filtered_contract(), "mV", 1e6), Optional(HasSubstr("look like uV")));
  EXPECT_THAT(warning(filtered_contract(graph::Normalization::kRunning), "V", 1e6),
              Optional(HasSubstr("uV")));
}

TEST(Amplitude, fitted_statistics_are_what_it_is_compared_with_where_there_are_any) {
  auto fitted = filtered_contract(graph::Normalization::kFixed);
  fitted.bandpass_hz = {1, 40};
  EXPECT_EQ(warning(fitted, "V", 1), std::nullopt);
  EXPECT_THAT(warning(fitted, "V", 1e6),
              Optional(HasSubstr("fitted on: the numbers look like uV")));
  EXPECT_THAT(warning(fitted, "V", 100), Optional(HasSubstr("fitted on: check the unit ('V')")));
  auto arbitrary = fitted;  // no EEG, but the data it was fitted on was none either
  arbitrary.stddev = {300, 300};
  EXPECT_EQ(warning(arbitrary, "V", 300 / 1.5e-5), std::nullopt);
}

TEST(Amplitude, plausible_signals_and_those_too_short_to_tell_give_no_warning) {
  for (const double factor : {0.05, 1.0, 20.0}) {
    EXPECT_EQ(warning(filtered_contract(), "V", factor), std::nullopt);
    EXPECT_EQ(warning(filtered_contract(), "uV", 1e6 * factor), std::nullopt);
  }
  EXPECT_EQ(warning(filtered_contract(), "V", 1e6, 0.5), std::nullopt);
  EXPECT_EQ(warning(filtered_contract(), "V", 0), std::nullopt);  // dead channels have no amplitude
}

TEST(ContractProcessor, float_and_double_samples_of_the_same_value_give_the_same_bits) {
  auto wanted = filtered_contract();
  wanted.bandpass_hz = {1, 30};
  const Tensor single = test::eeg_volts(2, 500).to(DType::kF32);
  ContractProcessor a(wanted, match(eeg_source(), wanted));
  ContractProcessor b(wanted, match(eeg_source(), wanted));
  EXPECT_TRUE(bit_equal(process_all(a, single), process_all(b, single.to(DType::kF64))));
}

TEST(ContractProcessor, an_offset_comes_out_of_the_resampler_without_ripple) {
  const auto wanted = filtered_contract();
  Tensor constant(DType::kF64, {2, 2048});
  for (double& x : constant.mutable_data<double>()) x = 0.1;
  ContractProcessor processor(wanted, match(eeg_source("V", 128), wanted, {.resample = true}));
  const Tensor made = process_all(processor, constant);
  EXPECT_EQ(made.dim(1), 1600);
  for (const float x : made.data<float>()) ASSERT_EQ(x, 0.1F);
}

TEST(ContractProcessor, a_sine_keeps_its_place_when_it_is_resampled) {
  const auto wanted = filtered_contract();
  Tensor sine(DType::kF64, {2, 1280});
  for (std::int64_t c = 0; c < 2; ++c) {
    for (std::int64_t t = 0; t < 1280; ++t) {
      sine.mutable_data<double>()[static_cast<std::size_t>(c * 1280 + t)] =
          std::sin(2 * std::numbers::pi * 5 * static_cast<double>(t) / 128);
    }
  }
  ContractProcessor processor(wanted, match(eeg_source("V", 128), wanted, {.resample = true}));
  const Tensor made = process_all(processor, sine);
  for (std::int64_t t = 50; t < 950; ++t) {
    ASSERT_NEAR(static_cast<double>(made.data<float>()[static_cast<std::size_t>(t)]),
                std::sin(2 * std::numbers::pi * 5 * static_cast<double>(t) / 100), 5e-3);
  }
}

TEST(ContractProcessor, replaced_values_are_counted_and_made_up_ones_are_not) {
  const auto wanted = filtered_contract();
  Tensor signal = test::eeg_volts(2, 640);
  signal.mutable_data<double>()[100] = NAN;
  signal.mutable_data<double>()[639] = NAN;  // the last one, which finish() holds
  ContractProcessor processor(wanted, match(eeg_source("V", 128), wanted, {.resample = true}));
  EXPECT_EQ(process_all(processor, signal).dim(1), 500);
  EXPECT_EQ(processor.counts().samples_in, 640);
  EXPECT_EQ(processor.counts().samples_out, 500);
  EXPECT_EQ(processor.counts().non_finite, 2);
}

TEST(ContractProcessor, a_channel_that_was_constant_when_fitted_is_only_centred) {
  auto wanted = filtered_contract(graph::Normalization::kFixed);
  wanted.mean = {1, 2};
  wanted.stddev = {0, 2};
  ContractProcessor processor(wanted, match(eeg_source(), wanted));
  Tensor signal(DType::kF64, {2, 1});
  signal.mutable_data<double>()[0] = 4;
  signal.mutable_data<double>()[1] = 6;
  const Tensor made = process_all(processor, signal);
  EXPECT_EQ(made.data<float>()[0], 3);
  EXPECT_EQ(made.data<float>()[1], 2);
}

TEST(Prepare, raw_samples_become_what_the_model_takes) {
  auto wanted = filtered_contract(graph::Normalization::kZscore);
  SourceInfo info{.name = "array", .rate_hz = 200};
  info.channels = named_channels({"EOG", "EEG oz", "FZ"}, "uV");
  Tensor samples = scaled(test::eeg_volts(3, 1000), 1e6);
  const Tensor made = prepare(samples, info, wanted, {.resample = true});
  ASSERT_EQ(made.shape(), (Shape{2, 500}));
  double sum = 0;
  for (const float x : made.data<float>().first(500)) sum += static_cast<double>(x) / 500;
  EXPECT_NEAR(sum, 0, 1e-6);
  EXPECT_THROW(prepare(samples, info, wanted), Error);  // not asked to resample
  samples.mutable_data<double>()[5] = NAN;              // in a channel that is not used
  EXPECT_NO_THROW(prepare(samples, info, wanted, {.resample = true}));
  samples.mutable_data<double>()[2000 + 5] = NAN;
  EXPECT_THROW(prepare(samples, info, wanted, {.resample = true}), Error);
}

}  // namespace
}  // namespace nest::contract
