#include <algorithm>
#include <limits>
#include <map>

#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/stream/feed.h"
#include "nest/stream/pipeline.h"
#include "tiny.h"

/// Random faults on their way to a pipeline: every one is counted, and text that none of them can
/// reach is that of the whole signal.
namespace nest::stream {
namespace {

using tiny::deliveries_of;
using tiny::kRateHz;
using tiny::kTinyChannels;
using tiny::ScriptedSource;
using Script = std::vector<ScriptedSource::Delivery>;

constexpr std::int64_t kSize = 8;  ///< samples a delivery
constexpr std::int64_t kScriptSamples = 64 * 40;
constexpr double kWindow_s = 4;

struct Said {
  std::vector<decode::TokenId> tokens;
  std::vector<decode::TokenSpan> times;
  FaultCounts faults{};
  std::int64_t masked = 0;
};

Said listen(const recognize::Bundle& bundle, Script script, GapPolicy policy) {
  tiny::TickingClock clock;
  StreamConfig config{.window_s = kWindow_s, .hop_s = 0.5, .lookahead_s = 0.5};
  config.endpoint = {.trailing_silence_s = 0, .max_segment_s = 0};
  config.faults.gap = policy;
  config.faults.max_fill_s = 10;
  config.faults.noisy_factor = 0;
  StreamingInference pipeline(bundle, config, {}, clock);
  ScriptedSource source(std::move(script));
  Said said;
  feed(source, pipeline, clock, [&](const StreamEvent& event) {
    if (event.segment == nullptr) return;
    said.tokens = event.segment->hypothesis.tokens;
    said.times = event.segment->hypothesis.times;
  });
  said.faults = pipeline.faults();
  said.masked = pipeline.masked_frames();
  return said;
}

/// What was done to a script, and the signal it touches in seconds.
struct Injected {
  std::map<FaultKind, std::int64_t> counts;
  std::vector<std::pair<double, double>> touched;
};

/// One fault at delivery i; deliveries are far enough apart that each is its own.
void inject(Script& script, std::size_t i, FaultKind kind, Injected& injected) {
  const double at_s = script[i].chunk.time_s;
  const auto touch = [&](double length_s) { injected.touched.emplace_back(at_s, at_s + length_s); };
  const double delivery_s = kSize / kRateHz;
  switch (kind) {
    case FaultKind::kLost:
      script.erase(script.begin() + static_cast<std::ptrdiff_t>(i));
      touch(delivery_s);
      break;
    case FaultKind::kDuplicate:
      script.insert(script.begin() + static_cast<std::ptrdiff_t>(i), script[i]);
      break;
    case FaultKind::kReordered:
      std::swap(script[i], script[i + 1]);
      break;
    case FaultKind::kLate:
      script[i].chunk.arrival_s += 0.4;
      break;
    case FaultKind::kClockJump:
      for (std::size_t k = i; k < script.size(); ++k) script[k].chunk.time_s += 3;
      break;
    case FaultKind::kNotFinite:
      std::fill_n(script[i].samples.begin(), kSize, std::numeric_limits<double>::quiet_NaN());
      touch(delivery_s);
      break;
    default:
      FAIL();
  }
  ++injected.counts[kind];
}

bool is_reached(const Injected& injected, const decode::TokenSpan& span) {
  return std::ranges::any_of(injected.touched, [&](const auto& touched) {
    return span.start_s < touched.second + kWindow_s && span.end_s > touched.first - kWindow_s;
  });
}

using Timed = std::pair<decode::TokenId, std::int64_t>;
/// Tokens that no fault reaches, with their frame.
std::vector<Timed> untouched(const Said& said, const Injected& injected) {
  std::vector<Timed> kept;
  for (std::size_t i = 0; i < said.tokens.size(); ++i) {
    if (!is_reached(injected, said.times[i]))
      kept.emplace_back(said.tokens[i], std::llround(said.times[i].start_s * 1000));
  }
  return kept;
}

TEST(FaultScripts, a_thousand_random_ones_are_counted_and_reach_no_other_text) {
  const recognize::Bundle bundle = tiny::tiny_bundle();
  const Script clean = deliveries_of(tiny::tiny_signal(kScriptSamples), kSize);
  const Said whole = listen(bundle, clean, GapPolicy::kHold);
  ASSERT_GT(whole.tokens.size(), 20u);
  constexpr FaultKind kKinds[] = {FaultKind::kLost, FaultKind::kDuplicate, FaultKind::kReordered,
                                  FaultKind::kLate, FaultKind::kClockJump, FaultKind::kNotFinite};
  constexpr GapPolicy kPolicies[] = {GapPolicy::kHold, GapPolicy::kInterpolate,
                                     GapPolicy::kInvalid};
  std::size_t compared = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed, "faults");
    Script script = clean;
    Injected injected;
    const std::size_t count = 1 + rng.below(4);
    // From the end, so that what is inserted or erased moves no later fault.
    for (std::size_t k = count; k-- > 0;) {
      const std::size_t slot = script.size() / 5;
      inject(script, 4 + k * slot + rng.below(slot / 2), kKinds[rng.below(std::size(kKinds))],
             injected);
    }
    const GapPolicy policy = kPolicies[rng.below(std::size(kPolicies))];
    const Said said = listen(bundle, script, policy);
    for (const auto& [kind, times] : injected.counts)
      EXPECT_EQ(count_of(said.faults, kind), times) << name_of(kind);
    EXPECT_EQ(said.masked > 0,
              policy == GapPolicy::kInvalid && injected.counts.contains(FaultKind::kLost));
    const std::vector<Timed> wanted = untouched(whole, injected);
    EXPECT_EQ(untouched(said, injected), wanted);
    compared += wanted.size();
  }
  EXPECT_GT(compared, 10000u);
}

TEST(FaultScripts, masked_frames_bring_no_text) {
  const recognize::Bundle bundle = tiny::tiny_bundle();
  Script script = deliveries_of(tiny::tiny_signal(kScriptSamples), kSize);
  script.erase(script.begin() + 100, script.begin() + 116);  // two seconds from 12.5 s on
  const Said said = listen(bundle, script, GapPolicy::kInvalid);
  EXPECT_GE(said.masked, 4);
  for (const decode::TokenSpan& span : said.times)
    EXPECT_FALSE(span.start_s >= 12.5 && span.end_s <= 14.5) << span.start_s;
}

TEST(FaultScripts, after_a_reset_the_text_is_that_of_the_rest_alone) {
  const recognize::Bundle bundle = tiny::tiny_bundle();
  Script script = deliveries_of(tiny::tiny_signal(kScriptSamples), kSize);
  script.erase(script.begin() + 160, script.begin() + 170);
  const Said said = listen(bundle, script, GapPolicy::kReset);
  const Said alone = listen(bundle, Script(script.begin() + 160, script.end()), GapPolicy::kReset);
  const double begin_s = 170 * kSize / kRateHz;
  std::vector<Timed> rest, wanted;
  for (std::size_t i = 0; i < said.tokens.size(); ++i)
    if (said.times[i].start_s >= begin_s + 1)
      rest.emplace_back(said.tokens[i], std::llround(said.times[i].start_s * 1000));
  for (std::size_t i = 0; i < alone.tokens.size(); ++i)
    if (alone.times[i].start_s >= 1)
      wanted.emplace_back(alone.tokens[i], std::llround((alone.times[i].start_s + begin_s) * 1000));
  EXPECT_FALSE(wanted.empty());
  EXPECT_EQ(rest, wanted);
}

TEST(FaultScripts, stop_is_an_error_that_names_the_policy) {
  const recognize::Bundle bundle = tiny::tiny_bundle();
  Script script = deliveries_of(tiny::tiny_signal(kScriptSamples), kSize);
  script.erase(script.begin() + 100);
  EXPECT_THROW(listen(bundle, script, GapPolicy::kStop), Error);
}

}  // namespace
}  // namespace nest::stream
