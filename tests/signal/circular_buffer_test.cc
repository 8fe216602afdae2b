#include "nest/signal/circular_buffer.h"

#include <deque>

#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "signals.h"

namespace nest::signal {
namespace {

using test::mutable_view_of;
using test::noise;
using test::view_of;

// The buffer's law: it behaves like a deque of columns that forgets its front.
TEST(CircularBuffer, random_operations_agree_with_a_deque) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    const auto channels = static_cast<int>(1 + rng.below(4));
    const auto capacity = static_cast<std::int64_t>(1 + rng.below(40));
    CircularBuffer buffer(channels, capacity);
    std::deque<std::vector<float>> model;
    std::int64_t total = 0;
    for (int step = 0; step < 200; ++step) {
      if (rng.below(20) == 0) {
        buffer.clear();
        model.clear();
        total = 0;
      }
      const auto length = static_cast<std::int64_t>(rng.below(100));
      const Tensor chunk = noise<float>(channels, length, rng());
      ASSERT_TRUE(buffer.append(view_of<float>(chunk)));
      for (std::int64_t t = 0; t < length; ++t) {
        std::vector<float> column;
        for (int c = 0; c < channels; ++c) column.push_back(view_of<float>(chunk).row(c)[t]);
        model.push_back(column);
        if (static_cast<std::int64_t>(model.size()) > capacity) model.pop_front();
      }
      total += length;
      ASSERT_EQ(buffer.size(), static_cast<std::int64_t>(model.size()));
      ASSERT_EQ(buffer.total(), total);

      const auto start =
          static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(total) + 3));
      const auto wanted = static_cast<std::int64_t>(rng.below(45));
      Tensor window(DType::kF32, {channels, wanted});
      const WindowStatus status = buffer.read(start, mutable_view_of<float>(window));
      const std::int64_t oldest = total - buffer.size();
      if (start + wanted > total) {
        ASSERT_EQ(status, WindowStatus::kNotYet);
      } else if (start < oldest) {
        ASSERT_EQ(status, WindowStatus::kOverwritten);
      } else {
        ASSERT_EQ(status, WindowStatus::kOk);
        for (std::int64_t t = 0; t < wanted; ++t) {
          for (int c = 0; c < channels; ++c) {
            ASSERT_EQ(
                view_of<float>(window).row(c)[t],
                model[static_cast<std::size_t>(start - oldest + t)][static_cast<std::size_t>(c)]);
          }
        }
      }
      const auto spans = buffer.latest_spans(channels - 1, wanted);
      ASSERT_EQ(spans.has_value(), wanted <= buffer.size());
      if (spans) {
        std::vector<float> joined(spans->older.begin(), spans->older.end());
        joined.insert(joined.end(), spans->newer.begin(), spans->newer.end());
        ASSERT_EQ(joined.size(), static_cast<std::size_t>(wanted));
        for (std::size_t i = 0; i < joined.size(); ++i) {
          ASSERT_EQ(joined[i], model[model.size() - joined.size() + i].back());
        }
      }
    }
  }
}

TEST(CircularBuffer, a_window_longer_than_what_is_there_is_an_error_value) {
  CircularBuffer buffer(2, 10);
  const Tensor chunk = noise<float>(2, 4, 1);
  buffer.append(view_of<float>(chunk));
  Tensor five(DType::kF32, {2, 5});
  Tensor eleven(DType::kF32, {2, 11});
  Tensor three_channels(DType::kF32, {3, 2});
  EXPECT_EQ(buffer.latest(mutable_view_of<float>(five)), WindowStatus::kNotYet);
  EXPECT_EQ(buffer.latest(mutable_view_of<float>(eleven)), WindowStatus::kOverwritten);
  EXPECT_EQ(buffer.latest(mutable_view_of<float>(three_channels)), WindowStatus::kBadShape);
  EXPECT_FALSE(buffer.latest_spans(0, 5).has_value());
  EXPECT_FALSE(buffer.latest_spans(2, 1).has_value());
  EXPECT_FALSE(buffer.append(view_of<float>(three_channels)));
  EXPECT_EQ(buffer.total(), 4);
}

TEST(CircularBuffer, impossible_sizes_are_errors) {
  EXPECT_THROW(CircularBuffer(0, 10), Error);
  EXPECT_THROW(CircularBuffer(2, 0), Error);
}

}  // namespace
}  // namespace nest::signal
