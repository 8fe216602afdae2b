// Counts every allocation of this program: the hot path must make none.
#include <gtest/gtest.h>

#include "nest/signal/preprocess.h"
#include "nest/signal/sliding_window.h"
#include "signals.h"
#include "tests/support/count_allocations.h"

namespace nest::signal {
namespace {

TEST(HotPath, preprocessing_and_windowing_allocate_nothing_for_any_chunk) {
  OnlinePreprocessorOptions options;
  options.channels = 33;
  options.notch_hz = {50};
  options.start = Start::kSteady;
  options.ref_electrode = Reference::kAverage;
  options.bad_channels = {2};
  options.output_rate_hz = 250;
  options.normalization = Normalization::kRunning;
  OnlinePreprocessor preprocessor(options);
  SlidingWindowProcessor windows({.channels = 33, .window_samples = 100, .hop_samples = 10});
  const Tensor input = test::noise<float>(33, 3000, 1);
  Tensor output(DType::kF32, {33, preprocessor.max_output(3000)});
  const SignalView<const float> in = test::view_of<float>(input);
  const SignalView<float> out = test::mutable_view_of<float>(output);
  const std::int64_t before = allocation_count();
  std::int64_t seen = 0;
  for (const std::int64_t chunk : {1, 100, 3000}) {
    const PreprocessResult result = preprocessor.process(in.slice(0, chunk), out);
    seen += windows.push(out.slice(0, result.samples), [](const auto&) {});
  }
  preprocessor.handle_gap();
  preprocessor.process(in, out);
  EXPECT_EQ(allocation_count() - before, 0);
  EXPECT_GT(seen, 100);
}

}  // namespace
}  // namespace nest::signal
