#include "nest/stream/latency.h"

#include <gtest/gtest.h>

#include "nest/core/error.h"

namespace nest::stream {
namespace {

TEST(LatencyMonitor, quantiles_are_nearest_rank_of_the_recorded_values) {
  LatencyMonitor monitor(1000, 95);
  for (int i = 100; i >= 1; --i) monitor.record(i);
  const auto s = monitor.get_statistics();
  EXPECT_EQ(s.count, 100);
  EXPECT_DOUBLE_EQ(s.mean_ms, 50.5);
  EXPECT_EQ(s.p50_ms, 50);
  EXPECT_EQ(s.p95_ms, 95);
  EXPECT_EQ(s.p99_ms, 99);
  EXPECT_EQ(s.p999_ms, 100);
  EXPECT_EQ(s.max_ms, 100);
  EXPECT_EQ(s.deadline_misses, 5);
}

TEST(LatencyMonitor, counts_everything_but_keeps_the_newest_capacity_values) {
  LatencyMonitor monitor(10, 1000);
  for (int i = 0; i < 25; ++i) monitor.record(i);
  const auto s = monitor.get_statistics();
  EXPECT_EQ(s.count, 25);
  EXPECT_EQ(s.p50_ms, 19);
  EXPECT_EQ(s.max_ms, 24);
}

TEST(LatencyMonitor, sla_reports_the_share_of_violations) {
  LatencyMonitor monitor(100);
  for (int i = 0; i < 4; ++i) monitor.record(i < 1 ? 200.0 : 50.0);
  EXPECT_FALSE(monitor.check_sla(100).is_met);
  EXPECT_DOUBLE_EQ(monitor.check_sla(100).violation_rate, 0.25);
  EXPECT_TRUE(monitor.check_sla(200).is_met);
}

TEST(LatencyMonitor, ledger_parts_are_averaged) {
  LatencyMonitor monitor;
  monitor.record(LatencyLedger{.age_ms = 4, .model_ms = 2});
  monitor.record(LatencyLedger{.age_ms = 8, .model_ms = 4});
  EXPECT_DOUBLE_EQ(monitor.mean_parts().age_ms, 6);
  EXPECT_DOUBLE_EQ(monitor.mean_parts().model_ms, 3);
  EXPECT_THROW(LatencyMonitor(0), Error);
}

}  // namespace
}  // namespace nest::stream
