#include "nest/stream/arrivals.h"

#include <algorithm>
#include <atomic>
#include <fstream>

#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/stream/committed_text.h"
#include "nest/stream/feed.h"
#include "nest/stream/report.h"
#include "stream/buffered_source.h"
#include "tests/support/temp_dir.h"
#include "tiny.h"

namespace nest::stream {
namespace {

using tiny::deliveries_of;
using tiny::ScriptedSource;
using tiny::tiny_signal;

/// Deliveries with losses, repetitions, a late and a reordered one, without order in their sizes.
std::vector<ScriptedSource::Delivery> troubled() {
  auto script = deliveries_of(tiny_signal(64 * 30), 11);
  std::swap(script[20], script[21]);
  script.insert(script.begin() + 40, script[40]);
  script.erase(script.begin() + 70, script.begin() + 80);
  script[100].chunk.arrival_s += 0.5;
  for (std::size_t i = 120; i < script.size(); ++i) script[i].chunk.time_s -= 2;
  return script;
}

/// Text and events without the times that computing takes.
struct Told {
  std::string text;
  std::vector<std::string> events;
};

Told tell(Source& source, const recognize::Bundle& bundle) {
  tiny::TickingClock clock;
  StreamingInference pipeline(bundle, {.window_s = 4, .hop_s = 0.5}, {}, clock);
  CommittedText text([&](auto tokens) { return pipeline.text_of(tokens); });
  Told told;
  feed(source, pipeline, clock, [&](const StreamEvent& event) {
    Json json = event_json(pipeline, event, text.take(event));
    for (const char* measured : {"latency_ms", "wait_ms", "preprocess_ms", "model_ms", "decode_ms"})
      json.erase(measured);
    if (json.contains("tokens"))
      for (Json& token : json["tokens"]) token.erase("latency");
    told.events.push_back(json.dump());
  });
  told.text = text.text();
  return told;
}

TEST(Arrivals, a_replay_gives_the_text_and_the_events_of_the_recorded_stream) {
  const test::TempDir dir;
  const recognize::Bundle bundle = tiny::tiny_bundle();
  const auto recorded =
      record_arrivals(std::make_unique<ScriptedSource>(troubled()), dir / "a.arrivals");
  const Told live = tell(*recorded, bundle);
  EXPECT_FALSE(live.text.empty());
  EXPECT_TRUE(std::ranges::any_of(
      live.events, [](const std::string& e) { return e.find("clock_jump") != std::string::npos; }));
  tiny::TickingClock clock;
  for (const bool is_real_time : {false, true}) {
    const auto replayed = replay_arrivals(dir / "a.arrivals", is_real_time, clock);
    EXPECT_EQ(replayed->is_paced(), is_real_time);
    const Told again = tell(*replayed, bundle);
    EXPECT_EQ(again.text, live.text);
    EXPECT_EQ(again.events, live.events);
  }
}

TEST(Arrivals, a_file_cut_short_is_complete_up_to_its_last_delivery) {
  const test::TempDir dir;
  {
    const auto source =
        record_arrivals(std::make_unique<ScriptedSource>(troubled()), dir / "a.arrivals");
    std::vector<double> room(tiny::kTinyChannels * 64);
    for (int i = 0; i < 5; ++i) source->read({room.data(), tiny::kTinyChannels, 64});
  }
  std::filesystem::resize_file(dir / "a.arrivals",
                               std::filesystem::file_size(dir / "a.arrivals") - 3);
  tiny::TickingClock clock;
  const auto source = replay_arrivals(dir / "a.arrivals", false, clock);
  std::vector<double> room(tiny::kTinyChannels * 64);
  std::int64_t samples = 0;
  for (Chunk chunk; (chunk = source->read({room.data(), tiny::kTinyChannels, 64})).samples > 0;)
    samples += chunk.samples;
  EXPECT_EQ(samples, 4 * 11);
}

TEST(Arrivals, another_file_is_refused) {
  const test::TempDir dir;
  std::ofstream(dir / "x") << "EDF\n";
  tiny::TickingClock clock;
  EXPECT_THROW(replay_arrivals(dir / "x", false, clock), Error);
  EXPECT_THROW(replay_arrivals(dir / "none", false, clock), Error);
}

/// Delivers as fast as it is read, and knows how much was.
class Counting : public ScriptedSource {
 public:
  Counting(std::vector<Delivery> script, std::atomic<std::int64_t>& samples)
      : ScriptedSource(std::move(script)), samples_(samples) {}
  Chunk read(signal::SignalView<double> into) override {
    const Chunk chunk = ScriptedSource::read(into);
    samples_ += chunk.samples;
    if (chunk.samples == 0) samples_ = -1;
    samples_.notify_all();
    return chunk;
  }

 private:
  std::atomic<std::int64_t>& samples_;
};

TEST(Buffered, holds_so_much_and_drops_what_comes_on_top_as_counted_losses) {
  auto script = deliveries_of(tiny_signal(64 * 20), 3);  // 64 Hz: a slot holds three samples
  for (auto& delivery : script) delivery.chunk.first_sample = -1;
  std::atomic<std::int64_t> read{0};
  const auto source = buffered(std::make_unique<Counting>(script, read), 1, std::stop_source{}, {});
  // Nobody takes anything until the source has given everything.
  for (std::int64_t seen = read; seen >= 0; seen = read) read.wait(seen);
  std::vector<double> room(tiny::kTinyChannels * 64);
  std::int64_t samples = 0, lost = 0, dropped = 0;
  Chunk chunk;
  do {
    chunk = source->read({room.data(), tiny::kTinyChannels, 64});
    samples += chunk.samples;
    lost += chunk.lost;
    dropped += chunk.dropped;
  } while (chunk.samples > 0);
  EXPECT_EQ(samples, 20 * 3);  // twenty slots of a twentieth of a second
  EXPECT_EQ(lost, 0);          // nothing came behind what was dropped
  EXPECT_EQ(dropped, 20 * 64 - 20 * 3);
}

TEST(Buffered, passes_everything_on_if_it_is_read) {
  const auto script = deliveries_of(tiny_signal(64 * 20), 3);
  std::atomic<std::int64_t> read{0};
  const auto source =
      buffered(std::make_unique<Counting>(script, read), 3600, std::stop_source{}, {});
  std::vector<double> room(tiny::kTinyChannels * 2);
  std::int64_t samples = 0;
  for (Chunk chunk; (chunk = source->read({room.data(), tiny::kTinyChannels, 2})).samples > 0;) {
    EXPECT_EQ(chunk.first_sample, samples);
    EXPECT_EQ(chunk.lost, 0);
    samples += chunk.samples;
  }
  EXPECT_EQ(samples, 64 * 20);
}

}  // namespace
}  // namespace nest::stream
