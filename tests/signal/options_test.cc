// What holds for every options struct of this module.
#include "nest/signal/preprocess_options.h"
#include "nest/signal/sliding_window.h"
#include "nest/signal/window_norm.h"
#include "tests/support/options_laws.h"

namespace nest::signal {
namespace {

TEST(SignalOptions, survive_json_and_refuse_what_is_unknown_or_impossible) {
  OnlinePreprocessorOptions plain;
  plain.channels = 3;
  OnlinePreprocessorOptions changed;
  changed.channels = 2;
  changed.rate_hz = 250;
  changed.non_finite = NonFinite::kZero;
  changed.bad_channels = {1};
  changed.bad_policy = BadChannels::kZero;
  changed.ref_electrode = Reference::kAverage;
  changed.bandpass_hz = {};
  changed.notch_hz = {50, 100};
  changed.start = Start::kSteady;
  changed.output_rate_hz = 125;
  changed.resample.half_length = 4;
  changed.normalization = Normalization::kFixed;
  changed.mean = {1, 2};
  changed.stddev = {0.5, 4};
  test::expect_options_laws(plain, changed);
  test::expect_options_laws(ResampleOptions{}, changed.resample);
  SlidingWindowOptions window;
  window.channels = 1;
  SlidingWindowOptions other;
  other.channels = 2;
  other.hop_samples = 7;
  test::expect_options_laws(window, other);
  test::expect_options_laws(WindowNormOptions{}, WindowNormOptions{WindowNorm::kWhiten, 3, 0.5});
}

TEST(SignalOptions, an_empty_reference_is_as_recorded) {
  EXPECT_EQ(from_name<Reference>(""), Reference::kAsRecorded);
}

}  // namespace
}  // namespace nest::signal
