#include "nest/core/trace.h"

#include <thread>

#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "tests/support/temp_dir.h"

namespace nest {
namespace {

using namespace std::chrono_literals;

TEST(Trace, spans_instants_and_counters_are_chrome_trace_events_in_microseconds) {
  Trace trace;
  const auto start = Trace::Clock::now();
  const int track = trace.add_track("worker 0");
  trace.span(track, "encode", start, start + 3ms, {{"frames", 15}});
  trace.instant(track, "deadline missed", start + 2ms);
  trace.counter("waiting", start, 4);
  const Json events = trace.to_json()["traceEvents"];
  ASSERT_EQ(events.size(), 6u);
  EXPECT_EQ(events[1]["args"]["name"], "worker 0");
  EXPECT_EQ(events[3]["ph"], "X");
  EXPECT_EQ(events[3]["tid"], track);
  EXPECT_NEAR(events[3]["dur"].get<double>(), 3000, 1e-6);
  EXPECT_EQ(events[3]["args"]["frames"], 15);
  EXPECT_EQ(events[4]["ph"], "i");
  EXPECT_NEAR(events[4]["ts"].get<double>() - events[3]["ts"].get<double>(), 2000, 1e-6);
  EXPECT_EQ(events[5]["args"]["value"], 4);
}

TEST(Trace, takes_events_of_many_threads_and_the_file_reads_back) {
  Trace trace;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      const int track = trace.add_track("thread");
      const auto now = Trace::Clock::now();
      for (int i = 0; i < 100; ++i) trace.span(track, "work", now, now);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(trace.size(), 800u);
  const test::TempDir dir;
  trace.write(dir / "t.json");
  const Json read = parse_json(read_text_file(dir / "t.json"), "t.json");
  EXPECT_EQ(read["traceEvents"].size(), 800u + 1 + 16);
}

TEST(Trace, an_event_on_no_track_is_an_error) {
  Trace trace;
  EXPECT_THROW(trace.instant(1, "x", Trace::Clock::now()), Error);
}

}  // namespace
}  // namespace nest
