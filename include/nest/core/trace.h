#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include "nest/core/json.h"

namespace nest {

/// What happened when, on tracks: written as Chrome's trace events, which ui.perfetto.dev and
/// chrome://tracing open.
///
///   Trace trace;
///   const int track = trace.add_track("worker 0");
///   trace.span(track, "encode", begin, end, {{"frames", 15}});
///
/// Spans of one track that lie inside others are drawn below them. State: thread-safe.
class Trace {
 public:
  using Clock = std::chrono::steady_clock;

  /// Times are told from now on; earlier ones are negative.
  Trace();

  /// A line of the picture: a thread, or one kind of thing.
  int add_track(const std::string& name);
  void span(int track, std::string name, Clock::time_point begin, Clock::time_point end,
            Json arguments = {});
  /// Something without a length: a deadline that was missed.
  void instant(int track, std::string name, Clock::time_point at, Json arguments = {});
  /// A value over time, a curve of its own.
  void counter(std::string name, Clock::time_point at, double value);

  std::size_t size() const;
  /// {"traceEvents": [...], "displayTimeUnit": "ms"}; times in microseconds.
  Json to_json() const;
  /// Errors: Io.
  void write(const std::filesystem::path& path) const;

 private:
  struct Event {
    std::string name;
    char phase = 'X';  ///< X: span, i: instant, C: counter
    int track = 0;
    double begin_us = 0;
    double duration_us = 0;
    Json arguments;
  };
  double us(Clock::time_point at) const;
  void add(Event event);

  Clock::time_point start_;
  mutable std::mutex mutex_;
  std::vector<std::string> tracks_;
  std::vector<Event> events_;
};

}  // namespace nest
