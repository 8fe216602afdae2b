#include "nest/stream/source.h"

#include <chrono>
#include <thread>

#include <unistd.h>

#include "lsl_source.h"
#include "nest/core/error.h"
#include "nest/core/options.h"
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
                "file:FILE, tcp:HOST:PORT, lsl:NAME (lsl:type=EEG, lsl:source_id=ID) or stdin", {},
                {.is_required = true});
  visitor.field("real_time", o.real_time, "replay a file at its recorded pace");
  visitor.field("chunk_samples", o.chunk_samples, "replay: samples a delivery (0: 40 ms)",
                at_least(0), {.flag = "chunk"});
  visitor.field("timeout_s", o.timeout_s, "seconds to wait for a live source", above(0),
                {.flag = "timeout"});
}

std::unique_ptr<Source> open_source(const SourceOptions& options, Clock& clock,
                                    std::stop_token stop) {
  validate(options);
  const std::string& name = options.source;
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
  fail(ErrorCode::kInvalidArgument,
       "source '{}' has an unknown scheme; known: file:FILE, tcp:HOST:PORT, lsl:NAME, stdin", name);
}

}  // namespace nest::stream
