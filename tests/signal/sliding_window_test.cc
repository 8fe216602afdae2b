#include "nest/signal/sliding_window.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "signals.h"

namespace nest::signal {
namespace {

using test::chunks_of;
using test::noise;
using test::view_of;

TEST(SlidingWindow, every_window_comes_exactly_once_whatever_the_chunking) {
  const std::int64_t samples = 1037;
  const Tensor input = noise<float>(3, samples, 31);
  Rng rng(32);
  for (const auto& [window, hop] : {std::pair<std::int64_t, std::int64_t>{100, 20},
                                    {100, 100},
                                    {100, 37},
                                    {7, 50},
                                    {1, 1},
                                    {2000, 10}}) {
    for (const std::int64_t chunk : {1, 19, 20, 100, 1037, -150}) {
      SlidingWindowProcessor processor(
          {.channels = 3, .window_samples = window, .hop_samples = hop});
      std::int64_t seen = 0;
      std::int64_t start = 0;
      for (const std::int64_t n : chunks_of(samples, chunk, rng)) {
        const std::int64_t emitted =
            processor.push(view_of<float>(input).slice(start, n), [&](const auto& w) {
              EXPECT_EQ(w.index, seen);
              EXPECT_EQ(w.start_sample, seen * hop);
              for (int c = 0; c < 3; ++c) {
                EXPECT_TRUE(std::equal(w.data.row(c), w.data.row(c) + window,
                                       view_of<float>(input).row(c) + w.start_sample));
              }
              ++seen;
            });
        start += n;
        EXPECT_LE(emitted, seen);
        const std::int64_t expected = start < window ? 0 : (start - window) / hop + 1;
        ASSERT_EQ(seen, expected) << "window " << window << " hop " << hop << " chunk " << chunk;
      }
      EXPECT_EQ(processor.emitted(), seen);
    }
  }
}

TEST(SlidingWindow, reset_starts_again_with_sample_zero) {
  SlidingWindowProcessor processor({.channels = 1, .window_samples = 4, .hop_samples = 2});
  const Tensor input = noise<float>(1, 7, 33);
  const auto ignore = [](const auto&) {};
  EXPECT_EQ(processor.push(view_of<float>(input), ignore), 2);
  processor.reset();
  std::vector<std::int64_t> starts;
  processor.push(view_of<float>(input), [&](const auto& w) { starts.push_back(w.start_sample); });
  EXPECT_EQ(starts, (std::vector<std::int64_t>{0, 2}));
}

TEST(SlidingWindow, wrong_shapes_and_lengths_are_errors) {
  EXPECT_THROW(SlidingWindowProcessor({.channels = 0}), Error);
  EXPECT_THROW(SlidingWindowProcessor({.channels = 1, .window_samples = 0}), Error);
  EXPECT_THROW(SlidingWindowProcessor({.channels = 1, .hop_samples = 0}), Error);
  SlidingWindowProcessor processor({.channels = 2});
  const Tensor input = noise<float>(1, 7, 34);
  EXPECT_EQ(processor.push(view_of<float>(input), [](const auto&) {}), -1);
}

}  // namespace
}  // namespace nest::signal
