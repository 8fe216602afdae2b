#include "nest/signal/filter.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/signal/design.h"
#include "reference/signal/filter_reference.h"
#include "signals.h"

namespace nest::signal {
namespace {

using test::chunks_of;
using test::mutable_view_of;
using test::noise;
using test::view_of;

Sos bandpass_and_notch() {
  Sos sos = design_butterworth(4, BandKind::kBandpass, {0.5, 40.0}, 500.0);
  sos.push_back(design_notch(50.0, 30.0, 500.0));
  return sos;
}

class FilterChannels : public ::testing::TestWithParam<int> {};

TEST_P(FilterChannels, equals_the_scalar_reference_bit_for_bit) {
  const int channels = GetParam();
  const Sos sos = bandpass_and_notch();
  const Tensor input = noise<double>(channels, 301, 1);
  const Tensor output = filter_signal(sos, input);
  for (int c = 0; c < channels; ++c) {
    const auto row = input.data<double>().subspan(static_cast<std::size_t>(c) * 301, 301);
    std::vector<SosState> state(sos.size());
    const auto expected =
        reference::filter_channel(sos, std::vector<double>(row.begin(), row.end()), state);
    for (std::size_t t = 0; t < 301; ++t) {
      ASSERT_EQ(output.data<double>()[static_cast<std::size_t>(c) * 301 + t], expected[t])
          << "channel " << c << " sample " << t;
    }
  }
}

TEST_P(FilterChannels, any_chunking_gives_the_one_shot_bits) {
  const int channels = GetParam();
  const Tensor input = noise<float>(channels, 1000, 2);
  const Tensor whole = filter_signal(bandpass_and_notch(), input);
  Rng rng(3);
  for (const std::int64_t chunk : {1, 2, 7, 63, 64, 65, 100, 999, 1000, -200}) {
    SosFilter filter(bandpass_and_notch(), channels);
    Tensor output(DType::kF32, input.shape());
    std::int64_t start = 0;
    for (const std::int64_t n : chunks_of(1000, chunk, rng)) {
      filter.process(view_of<float>(input).slice(start, n),
                     mutable_view_of<float>(output).slice(start, n));
      start += n;
    }
    EXPECT_TRUE(bit_equal(output, whole)) << "chunk " << chunk;
  }
}

INSTANTIATE_TEST_SUITE_P(Channels, FilterChannels, ::testing::Values(1, 7, 8, 9, 31, 32, 40, 128));

TEST(Filter, in_place_equals_out_of_place) {
  Tensor input = noise<double>(13, 200, 4);
  const Tensor expected = filter_signal(bandpass_and_notch(), input);
  SosFilter filter(bandpass_and_notch(), 13);
  filter.process(view_of<double>(input), mutable_view_of<double>(input));
  EXPECT_TRUE(bit_equal(input, expected));
}

TEST(Filter, float_samples_are_filtered_in_double_precision) {
  const Tensor input = noise<float>(9, 2000, 5);
  const Tensor single = filter_signal(bandpass_and_notch(), input);
  const Tensor exact = filter_signal(bandpass_and_notch(), input.to(DType::kF64));
  EXPECT_TRUE(bit_equal(single, exact.to(DType::kF32)));
}

TEST(Filter, steady_start_passes_a_constant_without_a_transient) {
  const Sos lowpass = design_butterworth(3, BandKind::kLowpass, {20.0}, 250.0);
  SosFilter filter(lowpass, 2);
  filter.reset_to_steady_state(std::vector<double>{5.0, -2.0});
  Tensor signal(DType::kF64, {2, 50});
  std::fill_n(signal.mutable_data<double>().begin(), 50, 5.0);
  std::fill_n(signal.mutable_data<double>().begin() + 50, 50, -2.0);
  filter.process(view_of<double>(signal), mutable_view_of<double>(signal));
  for (std::size_t i = 0; i < 100; ++i) {
    EXPECT_NEAR(signal.data<double>()[i], i < 50 ? 5.0 : -2.0, 1e-12);
  }
}

TEST(Filter, a_stored_state_continues_the_stream) {
  const Tensor input = noise<double>(5, 400, 6);
  const Tensor whole = filter_signal(bandpass_and_notch(), input);
  Tensor output(DType::kF64, input.shape());
  SosFilter first(bandpass_and_notch(), 5);
  first.process(view_of<double>(input).slice(0, 150),
                mutable_view_of<double>(output).slice(0, 150));
  SosFilter second(bandpass_and_notch(), 5);
  second.set_state(first.state());
  second.process(view_of<double>(input).slice(150, 250),
                 mutable_view_of<double>(output).slice(150, 250));
  EXPECT_TRUE(bit_equal(output, whole));
  EXPECT_THROW(second.set_state(Tensor(DType::kF64, {1, 5, 2})), Error);
}

TEST(Filter, reset_forgets_everything) {
  const Tensor input = noise<double>(3, 100, 7);
  SosFilter filter(bandpass_and_notch(), 3);
  Tensor first(DType::kF64, input.shape());
  Tensor second(DType::kF64, input.shape());
  filter.process(view_of<double>(input), mutable_view_of<double>(first));
  filter.reset();
  filter.process(view_of<double>(input), mutable_view_of<double>(second));
  EXPECT_TRUE(bit_equal(first, second));
}

TEST(Filter, a_channel_that_goes_dead_decays_to_exact_zero) {
  const Sos lowpass = design_butterworth(2, BandKind::kLowpass, {100.0}, 250.0);
  SosFilter filter(lowpass, 1);
  Tensor signal(DType::kF64, {1, 20000});
  signal.mutable_data<double>()[0] = 1;
  filter.process(view_of<double>(signal), mutable_view_of<double>(signal));
  for (const double value : signal.data<double>()) {
    EXPECT_TRUE(value == 0 || std::isnormal(value)) << value;
  }
  EXPECT_EQ(signal.data<double>().back(), 0.0);
}

TEST(Filter, impossible_arguments_are_errors) {
  EXPECT_THROW(SosFilter(bandpass_and_notch(), 0), Error);
  EXPECT_THROW(SosFilter({{NAN, 0, 0, 0, 0}}, 1), Error);
  SosFilter filter(bandpass_and_notch(), 2);
  EXPECT_THROW(filter.reset_to_steady_state(std::vector<double>{1.0}), Error);
  EXPECT_THROW(filter_signal(bandpass_and_notch(), Tensor(DType::kF64, {10})), Error);
}

}  // namespace
}  // namespace nest::signal
