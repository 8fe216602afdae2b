// What holds for every options struct of this module.
#include <gtest/gtest.h>

#include "nest/stream/feed.h"
#include "nest/stream/pipeline.h"
#include "nest/stream/source.h"
#include "tests/support/options_laws.h"

namespace nest::stream {
namespace {

TEST(StreamOptions, survive_json_and_refuse_what_is_unknown_or_impossible) {
  test::expect_options_laws(StreamConfig{}, StreamConfig{.mode = StreamMode::kWindowed,
                                                         .window_s = 2,
                                                         .hop_s = 0.25,
                                                         .lookahead_s = 1,
                                                         .max_latency_ms = 5,
                                                         .faults = {.gap = GapPolicy::kStop}});
  test::expect_options_laws(SourceOptions{},
                            SourceOptions{"file:a.edf", true, 7, 3, "r.arrivals", 2, 5});
  FeedOptions feed;
  feed.duration_s = 5;
  feed.match.resample = true;
  feed.match.unit = "uV";
  test::expect_options_laws(FeedOptions{}, feed);
}

TEST(StreamOptions, a_window_means_nothing_to_the_incremental_mode) {
  try {
    validate(StreamConfig{.mode = StreamMode::kIncremental, .window_s = 2});
    FAIL() << "accepted";
  } catch (const FieldError& error) {
    EXPECT_STREQ(error.what(), "`window_s` is 2, which has no meaning with `mode` incremental");
  }
}

}  // namespace
}  // namespace nest::stream
