#include "stream/arrival_order.h"

#include <vector>

#include <gtest/gtest.h>

#include "stream/clock_watch.h"

namespace nest::stream {
namespace {

/// Ten samples a delivery, each its own number; a tenth of a second of waiting is one delivery.
class Order : public testing::Test {
 protected:
  void take(std::int64_t first, std::int64_t count = 10) {
    std::vector<double> samples;
    for (std::int64_t t = first; t < first + count; ++t) samples.push_back(static_cast<double>(t));
    Chunk chunk;
    chunk.samples = count;
    chunk.first_sample = first;
    order_.take(chunk, {samples.data(), 1, count}, deliver_, tell_);
  }

  std::vector<double> got_;
  std::int64_t lost_ = 0;
  FaultCounts counts_{};
  ArrivalOrder order_{1, 100, 0.1};
  ArrivalOrder::Deliver deliver_ = [this](const Chunk& chunk,
                                          signal::SignalView<const double> samples) {
    lost_ += chunk.lost;
    got_.insert(got_.end(), samples.row(0), samples.row(0) + samples.samples);
  };
  ArrivalOrder::Tell tell_ = [this](const Fault& fault) {
    ++counts_[static_cast<std::size_t>(fault.kind)];
  };
};

TEST_F(Order, deliveries_that_changed_places_come_in_order) {
  for (const std::int64_t first : {500, 520, 510, 530}) take(first);
  ASSERT_EQ(got_.size(), 40u);
  for (std::size_t i = 0; i < got_.size(); ++i) EXPECT_EQ(got_[i], 500 + static_cast<double>(i));
  EXPECT_EQ(count_of(counts_, FaultKind::kReordered), 1);
  EXPECT_EQ(lost_, 0);
}

TEST_F(Order, a_hole_is_given_up_after_the_wait_and_what_fills_it_later_is_late) {
  for (const std::int64_t first : {0, 20, 30, 40, 10}) take(first);
  EXPECT_EQ(lost_, 10);
  EXPECT_EQ(got_.size(), 40u);
  EXPECT_EQ(count_of(counts_, FaultKind::kLate), 1);
  EXPECT_EQ(count_of(counts_, FaultKind::kDuplicate), 0);
}

TEST_F(Order, what_came_before_is_left_out_also_in_part) {
  take(0);
  take(0);
  take(5);
  EXPECT_EQ(got_.size(), 15u);
  EXPECT_EQ(got_.back(), 14);
  EXPECT_EQ(count_of(counts_, FaultKind::kDuplicate), 2);
}

TEST_F(Order, the_end_gives_out_what_waits) {
  take(0);
  take(20);
  EXPECT_EQ(got_.size(), 10u);
  order_.finish(deliver_, tell_);
  EXPECT_EQ(got_.size(), 20u);
  EXPECT_EQ(lost_, 10);
}

/// A second of a source whose clock runs at `rate` of the stated one.
FaultCounts watch(double seconds, double rate, ClockWatch& watch) {
  FaultCounts counts{};
  const auto tell = [&](const Fault& fault) { ++counts[static_cast<std::size_t>(fault.kind)]; };
  for (std::int64_t at = 0; static_cast<double>(at) < seconds * 100; at += 10) {
    Chunk chunk;
    chunk.samples = 10;
    chunk.first_sample = at;
    chunk.time_s = static_cast<double>(at) / (100 * rate);
    chunk.arrival_s = static_cast<double>(at + 10) / (100 * rate);
    watch.take(chunk, tell);
  }
  return counts;
}

TEST(ClockWatch, measures_drift_and_tells_a_wrong_rate_once) {
  ClockWatch drifting(100, true);
  const FaultCounts small = watch(300, 1 + 50e-6, drifting);
  EXPECT_NEAR(drifting.drift_ppm(), 50, 1);
  EXPECT_EQ(small, FaultCounts{});
  ClockWatch wrong(100, false);
  EXPECT_EQ(count_of(watch(60, 1.02, wrong), FaultKind::kRate), 1);
  EXPECT_NEAR(wrong.measured_rate_hz(), 102, 0.1);
}

}  // namespace
}  // namespace nest::stream
