#include "nest/data/annotations.h"

#include <gtest/gtest.h>

namespace nest::data {
namespace {

TEST(AnnotatedRanges, are_the_texts_with_a_duration_that_say_nothing_about_the_recording) {
  io::RecordingInfo info;
  info.rate_hz = 100;
  info.num_samples = 2000;
  info.segments = {{0, 2000, 0}};
  info.annotations = {{1, 2, "Comment/the old man", ""},
                      {4, 0, "a cue", ""},
                      {5, 1, "BAD_blink", ""},
                      {6, 0.5, "New Segment/", ""},
                      {7.5, 1.25, "bad weather", ""}};
  const auto ranges = annotated_ranges(info);
  ASSERT_EQ(ranges.size(), 2u);
  EXPECT_EQ(ranges[0].text, "the old man");
  EXPECT_EQ(ranges[0].samples.first_sample, 100);
  EXPECT_EQ(ranges[0].samples.num_samples, 200);
  EXPECT_EQ(ranges[1].text, "bad weather");
  EXPECT_EQ(ranges[1].onset_s, 7.5);
  EXPECT_EQ(ranges[1].samples.num_samples, 125);
}

}  // namespace
}  // namespace nest::data
