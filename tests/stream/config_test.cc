#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/stream/pipeline.h"

namespace nest::stream {
namespace {

TEST(StreamConfig, values_out_of_range_are_refused) {
  EXPECT_THROW(validate(StreamConfig{.window_s = -1}), Error);
  EXPECT_THROW(validate(StreamConfig{.max_latency_ms = 0}), Error);
  EXPECT_THROW(validate(StreamConfig{.gap_policy = "hope"}), Error);
  EXPECT_NO_THROW(validate(StreamConfig{}));
}

}  // namespace
}  // namespace nest::stream
