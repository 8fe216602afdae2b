#include <deque>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/stream/feed.h"
#include "nest/stream/pipeline.h"
#include "tiny.h"

namespace nest::stream {
namespace {

using ::testing::HasSubstr;
using tiny::deliveries_of;
using tiny::kRateHz;
using tiny::ScriptedSource;
using Script = std::vector<ScriptedSource::Delivery>;

/// A script, then a broken connection.
class Breaking : public ScriptedSource {
 public:
  using ScriptedSource::ScriptedSource;
  Chunk read(signal::SignalView<double> into) override {
    const Chunk chunk = ScriptedSource::read(into);
    require(chunk.samples > 0, ErrorCode::kIo, "the cable was pulled");
    return chunk;
  }
};

/// Numbers and stamps that begin anew, arriving `late_s` after their own time.
Script anew(Script script, std::size_t first, double late_s) {
  script.erase(script.begin(), script.begin() + static_cast<std::ptrdiff_t>(first));
  const ScriptedSource::Delivery began = script.front();
  for (auto& d : script) {
    d.chunk.time_s -= began.chunk.time_s;
    d.chunk.first_sample -= began.chunk.first_sample;
    d.chunk.arrival_s += late_s;
  }
  return script;
}

struct Followed {
  std::vector<Fault> faults;
  std::vector<std::string> what;
  std::int64_t samples = 0;
};

Followed listen(Source& source, Clock& clock, double duration_s = 0) {
  const recognize::Bundle bundle = tiny::tiny_bundle();
  StreamingInference pipeline(bundle, {.window_s = 4, .hop_s = 0.5, .lookahead_s = 0.5}, {}, clock);
  Followed heard;
  const EventSink sink = [&](const StreamEvent& event) {
    if (event.fault == nullptr) return;
    heard.faults.push_back(*event.fault);
    heard.what.emplace_back(event.fault->what);
  };
  heard.samples = feed(source, pipeline, clock, sink, {.duration_s = duration_s}).samples;
  return heard;
}

TEST(Reconnecting, the_time_a_source_was_gone_is_lost_samples_and_a_fault) {
  const Script whole = deliveries_of(tiny::tiny_signal(64 * 20), 16);
  const Script before(whole.begin(), whole.begin() + 40);
  tiny::TickingClock clock;
  int tries = 0;
  // Deliveries 40 to 47, two seconds, are gone; the first two tries fail.
  const auto open = [&]() -> std::unique_ptr<Source> {
    require(++tries > 2, ErrorCode::kIo, "nobody listens");
    return std::make_unique<ScriptedSource>(anew(whole, 48, 0));
  };
  const auto source = reconnecting(std::make_unique<Breaking>(before), open, 10, clock);
  const Followed heard = listen(*source, clock, 18);
  EXPECT_EQ(heard.samples, 64 * 20 - 8 * 16);
  ASSERT_FALSE(heard.faults.empty());
  const auto gone = std::ranges::find(heard.faults, FaultKind::kDisconnect, &Fault::kind);
  ASSERT_NE(gone, heard.faults.end());
  EXPECT_EQ(gone->samples, 8 * 16);
  const auto lost = std::ranges::find(heard.faults, FaultKind::kLost, &Fault::kind);
  ASSERT_NE(lost, heard.faults.end());
  EXPECT_EQ(lost->samples, 8 * 16);
  EXPECT_NEAR(lost->time_s, 10, 1e-9);
  EXPECT_EQ(std::ranges::count(heard.faults, FaultKind::kClockJump, &Fault::kind), 0);
}

TEST(Reconnecting, one_that_stays_away_is_its_last_error_after_the_time_it_was_given) {
  tiny::TickingClock clock;
  const auto open = []() -> std::unique_ptr<Source> { fail(ErrorCode::kIo, "nobody listens"); };
  const Script script = deliveries_of(tiny::tiny_signal(64), 16);
  const auto source = reconnecting(std::make_unique<Breaking>(script), open, 5, clock);
  try {
    listen(*source, clock);
    FAIL() << "it ended";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("nobody listens"));
  }
  EXPECT_GE(clock.now_s(), 5);
}

class OtherRate : public ScriptedSource {
 public:
  using ScriptedSource::ScriptedSource;
  const SourceInfo& info() const override { return other_; }

 private:
  SourceInfo other_{.name = "script",
                    .rate_hz = 2 * kRateHz,
                    .channels = contract::named_channels({"Cz", "Oz"}, "V")};
};

TEST(Reconnecting, what_comes_back_with_another_rate_is_refused) {
  tiny::TickingClock clock;
  const Script script = deliveries_of(tiny::tiny_signal(64), 16);
  const auto open = [&]() -> std::unique_ptr<Source> {
    return std::make_unique<OtherRate>(script);
  };
  const auto source = reconnecting(std::make_unique<Breaking>(script), open, 5, clock);
  EXPECT_THROW(listen(*source, clock), Error);
}

}  // namespace
}  // namespace nest::stream
