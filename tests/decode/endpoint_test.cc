#include "nest/decode/endpoint.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace nest::decode {
namespace {

constexpr double kFrame_s = 0.1;

/// Frames behind which a segment ends; "t" is text, "." silence.
std::vector<std::size_t> ends(const EndpointOptions& options, const std::string& frames) {
  EndpointRules rules(options, kFrame_s);
  std::vector<std::size_t> found;
  bool has_text = false;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    has_text = has_text || frames[i] == 't';
    if (!rules.step(frames[i] == '.', has_text)) continue;
    found.push_back(i);
    rules.begin();
    has_text = false;
  }
  return found;
}

TEST(EndpointRules, silence_behind_text_ends_a_segment_and_silence_alone_does_not) {
  const EndpointOptions options{.trailing_silence_s = 0.3, .max_segment_s = 0};
  EXPECT_EQ(ends(options, "......t.t...."), (std::vector<std::size_t>{11}));
  EXPECT_TRUE(ends(options, "..............").empty());
  EXPECT_TRUE(ends(options, "t..t..t..").empty());
}

TEST(EndpointRules, the_longest_segment_counts_from_its_first_text) {
  const EndpointOptions options{.trailing_silence_s = 0, .max_segment_s = 0.5};
  EXPECT_EQ(ends(options, "....tttttttt"), (std::vector<std::size_t>{8}));
  EXPECT_EQ(ends(options, "tttttttttt"), (std::vector<std::size_t>{4, 9}));
}

TEST(EndpointRules, zero_turns_a_rule_off) {
  EXPECT_FALSE(EndpointRules({.trailing_silence_s = 0, .max_segment_s = 0}, kFrame_s).is_on());
  EXPECT_TRUE(EndpointRules({}, kFrame_s).is_on());
}

TEST(EndpointRules, a_frame_is_silent_by_the_probability_of_blank) {
  const std::vector<float> frame{std::log(0.6F), std::log(0.4F)};
  EXPECT_TRUE(is_silent(frame, 0, 0.5));
  EXPECT_FALSE(is_silent(frame, 0, 0.7));
  EXPECT_FALSE(is_silent(frame, 1, 0.5));
}

}  // namespace
}  // namespace nest::decode
