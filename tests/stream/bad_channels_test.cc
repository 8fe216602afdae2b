#include <limits>
#include <set>

#include <gtest/gtest.h>

#include "nest/stream/pipeline.h"
#include "stream/channel_watch.h"
#include "tiny.h"

namespace nest::stream {
namespace {

using tiny::kTinyChannels;

constexpr std::int64_t kSeconds = 24, kSamples = 64 * kSeconds;

/// Noise of five channels, one of them `factor` times louder from second 3 to second 6.
std::vector<std::set<std::int64_t>> noisy_seconds(double factor, std::int64_t chunk) {
  constexpr std::int64_t kChannels = 5;
  Rng rng(3);
  std::vector<double> x(static_cast<std::size_t>(kChannels * kSamples));
  for (double& v : x) v = rng.normal();
  for (std::int64_t t = 3 * 64; t < 6 * 64; ++t)
    x[static_cast<std::size_t>(2 * kSamples + t)] *= factor;
  contract::SourceMatch match;
  match.rate_hz = 64;
  match.rows = {0, 1, 2, 3, 4};
  match.gain.assign(5, 1);
  ChannelWatch watch(kChannels, match, 20);
  std::vector<std::set<std::int64_t>> told(kChannels);
  for (std::int64_t at = 0; at < kSamples; at += chunk) {
    const std::int64_t count = std::min(chunk, kSamples - at);
    watch.add(signal::SignalView<const double>(x.data() + at, kChannels, count, kSamples));
    for (const ChannelWatch::Change& change : watch.changes()) {
      EXPECT_EQ(change.kind, FaultKind::kNoisy);
      const std::int64_t second = (at + count) / 64;
      told[change.channel].insert(change.is_bad ? second : -second);
    }
  }
  return told;
}

TEST(ChannelWatch, a_channel_far_louder_than_the_others_is_noisy_as_long_as_it_is) {
  for (const std::int64_t chunk : {1, 16, 64}) {
    const auto told = noisy_seconds(100, chunk);
    EXPECT_EQ(told[2], (std::set<std::int64_t>{4, -7})) << chunk;
    for (const std::size_t other : {0, 1, 3, 4}) EXPECT_TRUE(told[other].empty());
  }
  EXPECT_TRUE(noisy_seconds(5, 16)[2].empty());  // loud, but not by the factor of 20
}

struct Heard {
  std::vector<std::pair<double, decode::TokenId>> said;
  std::vector<Fault> gated;
  std::int64_t masked = 0;
};

/// Channel Oz is NaN from second 8 to second 12; Cz holds one value in seconds 9 and 10.
Heard listen(const FaultOptions& faults, std::int64_t chunk, bool is_broken = true) {
  tiny::TickingClock clock;
  StreamConfig config{.window_s = 2, .hop_s = 0.5, .lookahead_s = 0.5};
  config.endpoint = {.trailing_silence_s = 0, .max_segment_s = 0};
  config.faults = faults;
  const recognize::Bundle bundle = tiny::tiny_bundle();
  StreamingInference pipeline(bundle, config, {}, clock);
  std::vector<double> x = tiny::tiny_signal(kSamples);
  for (std::int64_t t = 8 * 64; is_broken && t < 12 * 64; ++t) {
    x[static_cast<std::size_t>(kSamples + t)] = std::numeric_limits<double>::quiet_NaN();
    if (t >= 9 * 64 && t < 11 * 64) x[static_cast<std::size_t>(t)] = 0.25;
  }
  Heard heard;
  const EventSink sink = [&](const StreamEvent& event) {
    if (event.fault != nullptr && event.fault->kind == FaultKind::kGated)
      heard.gated.push_back(*event.fault);
    if (event.segment == nullptr) return;
    const decode::Hypothesis& h = event.segment->hypothesis;
    for (std::size_t i = 0; i < h.tokens.size(); ++i)
      heard.said.emplace_back(h.times[i].start_s, h.tokens[i]);
  };
  for (std::int64_t at = 0; at < kSamples; at += chunk)
    pipeline.push(signal::SignalView<const double>(x.data() + at, kTinyChannels,
                                                   std::min(chunk, kSamples - at), kSamples),
                  0, 0, sink);
  pipeline.finish(sink);
  heard.masked = pipeline.masked_frames();
  return heard;
}

std::size_t said_within(const Heard& heard, double begin_s, double end_s) {
  return static_cast<std::size_t>(std::ranges::count_if(
      heard.said, [&](const auto& t) { return t.first >= begin_s && t.first < end_s; }));
}

TEST(BadChannels, under_invalid_nothing_is_said_while_one_is_bad_however_it_is_delivered) {
  const FaultOptions invalid{.channel = ChannelPolicy::kInvalid};
  const Heard one = listen(invalid, 1);
  EXPECT_GT(said_within(listen({}, 16), 9, 13), 0u);  // with hold, text goes on
  EXPECT_EQ(said_within(one, 9, 13), 0u);  // bad when second 8 has ended, until second 12 was good
  EXPECT_GT(said_within(one, 13, 24), 0u);
  for (const std::int64_t chunk : {7, 64, 1000}) {
    const Heard other = listen(invalid, chunk);
    EXPECT_EQ(other.said, one.said) << chunk;
    EXPECT_EQ(other.masked, one.masked) << chunk;
  }
}

TEST(BadChannels, the_gate_is_off_by_default) {
  const Heard heard = listen({}, 16);
  EXPECT_TRUE(heard.gated.empty());
  EXPECT_EQ(heard.masked, 0);
}

TEST(BadChannels, the_gate_says_what_it_dropped_and_nothing_else_is_dropped) {
  const Heard both = listen({.gate_share = 1}, 16);
  ASSERT_EQ(both.gated.size(), 1u);
  EXPECT_DOUBLE_EQ(both.gated[0].time_s, 10);  // flat when second 9 has ended
  EXPECT_EQ(both.gated[0].samples, 2 * 64);
  EXPECT_EQ(said_within(both, 10, 12), 0u);
  const Heard half = listen({.gate_share = 0.5}, 16);
  ASSERT_EQ(half.gated.size(), 1u);
  EXPECT_DOUBLE_EQ(half.gated[0].time_s, 9);
  EXPECT_EQ(half.gated[0].samples, 4 * 64);
  EXPECT_EQ(half.said, listen({.gate_share = 0.5}, 1000).said);
  // Where no channel is bad, a gate changes nothing.
  const Heard whole = listen({.gate_share = 0.5}, 16, false);
  EXPECT_TRUE(whole.gated.empty());
  EXPECT_EQ(whole.said, listen({}, 16, false).said);
}

}  // namespace
}  // namespace nest::stream
