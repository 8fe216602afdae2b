#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "nest/stream/committed_text.h"
#include "nest/stream/pipeline.h"
#include "serve/metrics.h"
#include "serve/served_model.h"

namespace nest::serve {

/// Figures of all streams.
struct StreamMetrics {
  explicit StreamMetrics(Metrics& metrics);
  Counter& samples;
  Counter& hops;
  Counter& misses;
  Counter& gaps;
  Counter& faults;
  Counter& resumed;
  Histogram& latency;
  Histogram& wait;
  Histogram& model;
};

/// What a client says first.
struct StreamStart {
  contract::SourceInfo source;
  stream::StreamConfig config;
};

/// One stream: a pipeline with its state and the events that its client may have missed. It
/// outlives connections, so that a client can come back.
///
/// State: push(), finish() and end() on one thread at a time; the rest is thread-safe.
class StreamState {
 public:
  using Send = std::function<void(std::string text)>;

  /// Errors: RequestError naming the field that does not meet the contract.
  StreamState(std::string id, std::shared_ptr<ServedModel> model, const StreamStart& start,
              StreamMetrics& metrics);

  const std::string& id() const { return id_; }
  /// What a client is told at the beginning.
  Json ready_json() const;

  /// Interleaved little-endian float32 samples. `arrival_s` by now_s(). Errors: RequestError if it
  /// is no whole number of frames.
  void push(std::span<const std::byte> frames, double arrival_s);
  /// Samples that were lost before the next ones.
  void lose(std::int64_t samples) { lost_ += samples; }
  /// Decodes what waits; sends the final text and the summary.
  void finish();
  double now_s() { return clock_->now_s(); }

  /// Events go here from now on, after those behind `seq` that were missed.
  void attach(Send send, std::uint64_t seq);
  /// The client is gone; another connection may claim the stream.
  void detach();
  /// False if a connection has it. One that is made is its maker's.
  bool claim();
  bool is_attached() const;
  bool is_finished() const { return is_finished_.load(); }
  std::int64_t samples() const { return samples_.load(); }
  /// Seconds since the client left; since it was made.
  double detached_s() const;
  double age_s() const;

  /// Of the server's own: the signal's faults come from the pipeline.
  void send_fault(const std::string& kind, const std::string& message);

 private:
  void send(Json event);
  void on_event(const stream::StreamEvent& event);
  /// What an event adds to the text; the new line behind a segment comes with what follows it.
  std::string new_text(const stream::StreamEvent& event);
  void end_segment(const stream::Segment& segment, Json& json);
  void count_hop(const stream::LatencyLedger& latency);
  void send_latency();

  std::string id_;
  std::shared_ptr<ServedModel> model_;
  StreamStart start_;
  StreamMetrics& metrics_;
  std::unique_ptr<stream::Clock> clock_;
  stream::StreamingInference pipeline_;
  stream::CommittedText committed_;
  std::size_t told_ = 0;  ///< bytes of its text that events brought
  std::vector<float> block_;
  Json tokens_ = Json::array();  ///< of the segments that have ended
  std::int64_t lost_ = 0;
  std::int64_t next_report_ = 0;
  std::atomic<std::int64_t> samples_{0};
  std::atomic<bool> is_finished_{false};

  mutable std::mutex mutex_;
  Send send_;
  bool is_claimed_ = true;
  std::uint64_t seq_ = 0;
  std::deque<std::pair<std::uint64_t, std::string>> events_;
  std::chrono::steady_clock::time_point made_;
  std::chrono::steady_clock::time_point left_;
};

/// {"type": "start", "model"?, "rate_hz"?, "channels"?, "unit"?, "window_s"?, "hop_s"?,
/// "lookahead_s"?}. Errors: RequestError.
StreamStart parse_start(const Json& message, const ServedModel& model, double deadline_ms);

}  // namespace nest::serve
