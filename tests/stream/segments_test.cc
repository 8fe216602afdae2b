#include <algorithm>

#include <gtest/gtest.h>

#include "nest/stream/committed_text.h"
#include "nest/stream/feed.h"
#include "tiny.h"

namespace nest::stream {
namespace {

using tiny::deliveries_of;
using tiny::ScriptedSource;

struct Listened {
  std::vector<Segment> segments;
  std::string text;
  std::vector<decode::TokenId> tokens;
  std::int64_t watchdog_calls = 0;
};

Listened listen(const StreamConfig& config, std::int64_t chunk,
                const recognize::Bundle* fallback = nullptr) {
  const recognize::Bundle bundle = tiny::tiny_bundle();
  tiny::TickingClock clock;
  StreamingInference pipeline(bundle, config, {}, clock, fallback);
  ScriptedSource source(deliveries_of(tiny::tiny_signal(64 * 60), chunk), false);
  CommittedText text([&](auto tokens) { return pipeline.text_of(tokens); });
  Listened heard;
  feed(source, pipeline, clock, [&](const StreamEvent& event) {
    text.take(event);
    if (event.segment == nullptr) return;
    heard.segments.push_back(*event.segment);
    const auto& tokens = event.segment->hypothesis.tokens;
    heard.tokens.insert(heard.tokens.end(), tokens.begin(), tokens.end());
  });
  heard.text = text.text();
  heard.watchdog_calls = pipeline.watchdog_calls();
  return heard;
}

StreamConfig cut_every(double seconds) {
  StreamConfig config{.window_s = 4, .hop_s = 0.5, .lookahead_s = 0.5};
  config.endpoint = {.trailing_silence_s = 0, .max_segment_s = seconds};
  return config;
}

TEST(Segments, cutting_changes_no_token_of_a_greedy_search) {
  const Listened whole = listen(cut_every(0), 16), parts = listen(cut_every(5), 16);
  ASSERT_EQ(whole.segments.size(), 1u);
  ASSERT_GT(parts.segments.size(), 5u);
  // A token that goes on over a cut is said on both sides of it.
  EXPECT_GE(parts.tokens.size(), whole.tokens.size());
  EXPECT_LE(parts.tokens.size(), whole.tokens.size() + parts.segments.size());
}

TEST(Segments, a_carried_search_says_exactly_the_tokens_of_the_whole) {
  StreamConfig config = cut_every(5);
  config.endpoint.state = decode::EndpointState::kCarry;
  const Listened parts = listen(config, 16);
  EXPECT_GT(parts.segments.size(), 5u);
  EXPECT_EQ(parts.tokens, listen(cut_every(0), 16).tokens);
}

TEST(Segments, do_not_depend_on_chunks_nor_on_hops) {
  const Listened one = listen(cut_every(5), 16);
  for (const std::int64_t chunk : {1, 7, 500}) {
    const Listened other = listen(cut_every(5), chunk);
    EXPECT_EQ(other.text, one.text);
    ASSERT_EQ(other.segments.size(), one.segments.size());
    for (std::size_t i = 0; i < one.segments.size(); ++i) {
      EXPECT_EQ(other.segments[i].start_s, one.segments[i].start_s);
      EXPECT_EQ(other.segments[i].confidence, one.segments[i].confidence);
    }
  }
}

TEST(Segments, follow_one_another_and_every_token_tells_where_its_time_went) {
  const Listened heard = listen(cut_every(5), 16);
  constexpr double frame_s = 0.5;
  double before_s = 0;
  std::string joined;
  for (std::size_t n = 0; n < heard.segments.size(); ++n) {
    const Segment& s = heard.segments[n];
    EXPECT_EQ(s.number, static_cast<std::int64_t>(n));
    EXPECT_GE(s.start_s, before_s);
    EXPECT_GT(s.end_s, s.start_s);
    EXPECT_GT(s.confidence, 0);
    EXPECT_LE(s.confidence, 1);
    before_s = s.start_s;
    joined += s.text + "\n";
    ASSERT_EQ(s.latency.size(), s.hypothesis.tokens.size());
    for (std::size_t i = 0; i < s.latency.size(); ++i) {
      // Look-ahead at least, look-ahead and a hop at most; the first window is heard at once.
      const double signal_ms = s.latency[i].signal_ms;
      EXPECT_GE(signal_ms, 0);
      EXPECT_LE(signal_ms, s.start_s > 4 ? 1001 : 4001);
      EXPECT_NEAR(
          s.committed_s[i],
          s.hypothesis.times[i].start_s + frame_s + (signal_ms + s.latency[i].commit_ms) * 1e-3,
          1e-6);
      EXPECT_GT(s.latency[i].model_ms, 0);
      EXPECT_EQ(s.latency[i].wait_ms, 0);  // an unpaced source: nothing waited
    }
  }
  EXPECT_EQ(heard.text, joined);
}

TEST(StreamingInference, windows_that_are_asked_for_bring_the_text_of_the_events) {
  const recognize::Bundle bundle = tiny::tiny_bundle();
  tiny::TickingClock clock;
  StreamingInference pipeline(bundle, cut_every(5), {}, clock);
  const auto doubles = tiny::tiny_signal(64 * 20);
  const std::vector<float> signal(doubles.begin(), doubles.end());
  const signal::SignalView<const float> all(signal.data(), tiny::kTinyChannels, 64 * 20);
  EXPECT_FALSE(pipeline.process_window().has_value());
  std::string text;
  std::int64_t windows = 0;
  for (std::int64_t at = 0; at < 64 * 20; at += 64) {
    pipeline.add_samples(all.slice(at, 64));
    while (const auto output = pipeline.process_window()) {
      text += pipeline.decode_output(*output);
      windows += output->ends_segment ? 0 : 1;
    }
  }
  std::string pushed;
  StreamingInference other(bundle, cut_every(5), {}, clock);
  CommittedText committed([&](auto tokens) { return other.text_of(tokens); });
  other.push(all, 0, 0, [&](const StreamEvent& event) { pushed += committed.take(event); });
  EXPECT_FALSE(text.empty());
  EXPECT_EQ(text, pushed);
  EXPECT_EQ(pipeline.get_metrics().windows, windows);
  EXPECT_GT(pipeline.get_metrics().throughput_hz, 0);
}

TEST(Watchdog, hands_over_to_the_fallback_when_deadlines_are_missed_and_back) {
  StreamConfig config = cut_every(5);
  config.max_latency_ms = 1e-6;  // no hop is so fast
  config.watchdog = {.is_on = true, .misses = 4, .hand_back_s = 1};
  const recognize::Bundle smaller = tiny::tiny_bundle(6);
  const Listened never_back = listen(config, 16, &smaller);
  EXPECT_EQ(never_back.watchdog_calls, 1);
  config.max_latency_ms = 1e6;
  EXPECT_EQ(listen(config, 16, &smaller).watchdog_calls, 0);
  EXPECT_EQ(listen(config, 16, &smaller).text, listen(cut_every(5), 16).text);
  EXPECT_NE(never_back.text, listen(cut_every(5), 16).text);
  for (std::size_t n = 0; n < never_back.segments.size(); ++n)
    EXPECT_EQ(never_back.segments[n].number, static_cast<std::int64_t>(n));
}

}  // namespace
}  // namespace nest::stream
