#include "stream/stamp_line.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "nest/core/rng.h"

namespace nest::stream {
namespace {

constexpr double kStampRate = 250;
constexpr std::int64_t kStampChunk = 10;  // 40 ms

TEST(StampLine, exact_stamps_and_a_drifting_clock_miss_nothing) {
  for (const double drift : {0.0, 2e-4, -2e-4}) {
    StampLine line(kStampRate);
    for (int i = 0; i < 100000; ++i)
      ASSERT_EQ(line.advance(1e5 + static_cast<double>(i * kStampChunk) / kStampRate * (1 + drift),
                             kStampChunk),
                0)
          << i;
  }
}

TEST(StampLine, every_dropped_and_every_repeated_delivery_is_counted) {
  Rng rng(3);
  StampLine line(kStampRate);
  double stamp = 7;
  for (int i = 0; i < 2000; ++i) {
    const bool is_dropped = i > 0 && i % 100 == 0, is_repeated = i > 0 && i % 100 == 50;
    if (is_dropped) stamp += kStampChunk / kStampRate;
    const double jitter = 0.0003 * rng.normal();
    const std::int64_t want = is_dropped ? kStampChunk : 0;
    ASSERT_EQ(line.advance(stamp + jitter, kStampChunk), want) << i;
    stamp += kStampChunk / kStampRate;
    if (is_repeated) {
      ASSERT_EQ(line.advance(stamp - kStampChunk / kStampRate + jitter, kStampChunk), -kStampChunk)
          << i;
    }
  }
}

TEST(StampLine, a_repeated_delivery_that_comes_in_pieces_is_repeated_whole) {
  for (std::int64_t piece = 1; piece <= kStampChunk; ++piece) {
    StampLine line(kStampRate);
    std::int64_t next = 0, repeated = 0;
    const auto push = [&](std::int64_t count) {
      for (std::int64_t at = 0; at < count; at += piece) {
        const std::int64_t part = std::min(piece, count - at);
        const std::int64_t found = line.advance(static_cast<double>(next) / kStampRate, part);
        ASSERT_LE(found, 0);
        repeated -= found;
        next += part;
      }
    };
    push(20 * kStampChunk);
    next -= kStampChunk;
    push(5 * kStampChunk);
    EXPECT_EQ(repeated, kStampChunk) << piece;
    EXPECT_EQ(line.advance(static_cast<double>(next) / kStampRate, kStampChunk), 0) << piece;
  }
}

TEST(StampLine, a_sender_with_late_stamps_loses_no_sample_once_its_habit_is_known) {
  Rng rng(5);
  StampLine line(kStampRate);
  std::int64_t missing = 0;
  for (int i = 0; i < 5000; ++i) {
    const std::int64_t found = line.advance(
        static_cast<double>(i * kStampChunk) / kStampRate + 0.06 * rng.uniform(), kStampChunk);
    missing += found;
    if (i > 100) {
      ASSERT_EQ(found, 0) << i;
    }
  }
  EXPECT_LE(std::abs(missing), 15);  // a shift of the line, within the jitter
}

TEST(StampLine, small_losses_add_up) {
  StampLine line(kStampRate);
  std::int64_t missing = 0;
  for (int i = 0; i < 300; ++i)  // one sample is lost before every tenth delivery
    missing +=
        line.advance(static_cast<double>(i * kStampChunk + i / 10) / kStampRate, kStampChunk);
  EXPECT_NEAR(static_cast<double>(missing), 29, 8);
}

}  // namespace
}  // namespace nest::stream
