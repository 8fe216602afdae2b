#include <vector>

#include <gtest/gtest.h>

#include "nest/graph/streaming.h"
#include "nest/stream/pipeline.h"
#include "tests/support/count_allocations.h"
#include "tiny.h"

namespace nest::stream {
namespace {

using testing::kTinyChannels;

/// Hops whose step allocated, by whether they closed a segment.
struct Hops {
  std::int64_t plain = 0, plain_with_allocation = 0, closing = 0;
};

Hops hops_of(const recognize::Bundle& bundle, const StreamConfig& config) {
  testing::TickingClock clock;
  StreamingInference pipeline(bundle, config, {}, clock);
  const std::int64_t chunk = 16, seconds = 200;
  const std::vector<double> signal = testing::tiny_signal(64 * seconds);
  const signal::SignalView<const double> all(signal.data(), kTinyChannels, 64 * seconds);
  Hops hops;
  bool has_hop = false, has_segment = false;
  const EventSink sink = [&](const StreamEvent& event) {
    has_hop = has_hop || event.is_hop();
    has_segment = has_segment || event.segment != nullptr;
  };
  for (std::int64_t at = 0; at < all.samples; at += chunk) {
    has_hop = has_segment = false;
    const std::int64_t before = allocation_count();
    pipeline.push(all.slice(at, chunk), 0, 0, sink);
    const bool has_allocated = allocation_count() != before;
    if (at < all.samples / 2 || (!has_hop && !has_allocated)) continue;
    ++(has_segment ? hops.closing : hops.plain);
    if (!has_segment && has_allocated) ++hops.plain_with_allocation;
  }
  return hops;
}

TEST(HotPath, a_hop_that_closes_no_segment_allocates_nothing_after_warm_up) {
  const recognize::Bundle windowed = testing::tiny_bundle();
  const Hops hops = hops_of(windowed, {.window_s = 4, .hop_s = 0.5, .lookahead_s = 0.5});
  EXPECT_GT(hops.plain, 100);
  EXPECT_EQ(hops.plain_with_allocation, 0);
}

}  // namespace
}  // namespace nest::stream
