#include "nest/stream/source.h"

#include <chrono>
#include <thread>

#include <unistd.h>

#include "brainflow_source.h"
#include "buffered_source.h"
#include "fieldtrip_source.h"
#include "lsl_source.h"
#include "nest/core/error.h"
#include "nest/core/options.h"
#include "nest/stream/arrivals.h"
#include "tcp.h"

namespace nest::stream {
namespace {

class WallClock : public Clock {
 public:
  explicit WallClock(std::stop_token stop) : stop_(std::move(stop)) {}
  double now_s() override {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  bool wait_until(double time_s) override {
    // Short naps, so that a stop ends a long pause.
    while (!stop_.stop_requested()) {
      const double left = time_s - now_s();
      if (left <= 0) return true;
      std::this_thread::sleep_for(std::chrono::duration<double>(left < 0.1 ? left : 0.1));
    }
    return false;
  }

 private:
  std::stop_token stop_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace

std::unique_ptr<Clock> make_wall_clock(std::stop_token stop) {
  return std::make_unique<WallClock>(std::move(stop));
}

void visit_fields(FieldVisitor& visitor, SourceOptions& o) {
  visitor.field("source", o.source,
                "file:FILE, tcp:HOST:PORT, lsl:NAME (lsl:type=EEG, lsl:source_id=ID), "
                "brainflow:BOARD, fieldtrip:HOST:PORT, arrivals:FILE or stdin");
  visitor.field("real_time", o.real_time, "replay a file at its recorded pace");
  visitor.field("chunk_samples", o.chunk_samples, "replay: samples a delivery (0: 40 ms)",
                at_least(0), {.flag = "chunk"});
  visitor.field("timeout_s", o.timeout_s, "seconds to wait for a live source", above(0),
                {.flag = "timeout"});
  visitor.field("record", o.record, "write down what arrives, to be replayed with arrivals:FILE");
  visitor.field(
      "buffer_s", o.buffer_s,
      "live: seconds of signal that may wait for the decoder, more is dropped; 0: no limit",
      between(0, 3600), {.flag = "buffer"});
  visitor.field("reconnect_s", o.reconnect_s,
                "tcp, fieldtrip: seconds to try again when the sender is gone; 0: the stream ends",
                between(0, 86400), {.flag = "reconnect"});
}

namespace {

std::unique_ptr<Source> open_named(const SourceOptions& options, Clock& clock,
                                   std::stop_token stop) {
  const std::string& name = options.source;
  require_field(!name.empty(), "source", "is missing: file:FILE, lsl:NAME, …");
  const std::size_t colon = name.find(':');
  const std::string scheme = name.substr(0, colon);
  const std::string rest = colon == std::string::npos ? "" : name.substr(colon + 1);
  if (scheme == "edf" || scheme == "file")
    return replay(io::open_recording(rest), options.source, clock, options);
  if (scheme == "tcp") {
    const int fd = connect_tcp(rest, options.timeout_s, stop);
    return open_framed_source(fd, true, name, options.timeout_s, clock, std::move(stop));
  }
  if (scheme == "stdin") {
    return open_framed_source(STDIN_FILENO, false, name, options.timeout_s, clock, std::move(stop));
  }
  if (scheme == "lsl") return open_lsl_source(rest, options.timeout_s, clock, std::move(stop));
  if (scheme == "brainflow")
    return open_brainflow_source(rest, options.timeout_s, clock, std::move(stop));
  if (scheme == "fieldtrip")
    return open_fieldtrip_source(rest, options.timeout_s, clock, std::move(stop));
  if (scheme == "arrivals") return replay_arrivals(rest, options.real_time, clock);
  fail(ErrorCode::kInvalidArgument,
       "source '{}' has an unknown scheme; known: file:FILE, tcp:HOST:PORT, lsl:NAME, "
       "brainflow:BOARD, fieldtrip:HOST:PORT, arrivals:FILE, stdin",
       name);
}

}  // namespace

std::unique_ptr<Source> open_source(const SourceOptions& options, Clock& clock,
                                    std::stop_token stop) {
  nest::validate(options);
  // The thread that fills a buffer is stopped by its buffer, which also passes a stop on.
  std::stop_source own;
  const bool is_buffered = options.buffer_s > 0;
  const std::stop_token token = is_buffered ? own.get_token() : stop;
  const std::stop_callback pass_on(stop, [&own] { own.request_stop(); });
  const auto open = [options, &clock, token] { return open_named(options, clock, token); };
  std::unique_ptr<Source> source = open();
  if (options.reconnect_s > 0)
    source = reconnecting(std::move(source), open, options.reconnect_s, clock, token);
  if (is_buffered && source->is_paced())
    source = buffered(std::move(source), options.buffer_s, own, stop);
  if (!options.record.empty()) source = record_arrivals(std::move(source), options.record);
  return source;
}

}  // namespace nest::stream
