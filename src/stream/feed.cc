#include "nest/stream/feed.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "arrival_order.h"
#include "clock_watch.h"
#include "nest/core/error.h"
#include "nest/core/log.h"
#include "nest/core/options.h"

namespace nest::stream {
namespace {

/// Samples asked of a source at once.
constexpr std::int64_t kCapacity = 4096;

/// Carries samples from a source to a pipeline, tells what was wrong on the way, and once of an
/// implausible amplitude.
class Feeder {
 public:
  Feeder(Source& source, StreamingInference& pipeline, const StreamingInference::Sink& sink)
      : source_(source),
        pipeline_(pipeline),
        sink_(sink),
        order_(source.info().num_channels(), source.info().rate_hz,
               pipeline.config().faults.reorder_s),
        watch_(source.info().rate_hz, source.has_arrival_times()) {}

  /// Until the source ends, a stop is requested or `limit` samples have come; counts them.
  void run(std::int64_t limit, const std::stop_token& stop, FeedResult& fed) {
    const std::int64_t channels = source_.info().num_channels();
    std::vector<double> samples(static_cast<std::size_t>(channels * kCapacity));
    while (!stop.stop_requested() && fed.samples < limit) {
      const signal::SignalView<double> into(samples.data(), channels,
                                            std::min(kCapacity, limit - fed.samples), kCapacity);
      const Chunk chunk = source_.read(into);
      fed.repeated += chunk.repeated;
      look_at(chunk);
      if (chunk.samples == 0) break;
      fed.samples += chunk.samples;
      order_.take(chunk, into.slice(0, chunk.samples), deliver_, report_);
      fed.repeated += std::exchange(repeated_, 0);
      tell();
    }
    fed.drift_ppm = watch_.drift_ppm();
  }

  void finish() {
    order_.finish(deliver_, report_);
    pipeline_.finish(sink_);
    tell();
  }

 private:
  void look_at(const Chunk& chunk) {
    if (chunk.samples > 0) watch_.take(chunk, report_);
    if (chunk.dropped > 0) report_({FaultKind::kOverflow, chunk.time_s, chunk.dropped, "dropped"});
    if (chunk.is_reconnected)
      report_({FaultKind::kDisconnect, chunk.time_s, chunk.lost, "reconnected"});
    if (chunk.first_sample < 0 && chunk.repeated > 0)
      report_({FaultKind::kDuplicate, chunk.time_s, chunk.repeated, "left out"});
  }

  void tell() {
    if (has_told_) return;
    const auto warning = pipeline_.processor().amplitude_warning();
    has_told_ = warning.has_value();
    if (has_told_) log_warn("{}", *warning);
  }

  Source& source_;
  StreamingInference& pipeline_;
  const StreamingInference::Sink& sink_;
  ArrivalOrder order_;
  ClockWatch watch_;
  std::int64_t repeated_ = 0;  ///< found by the order
  ArrivalOrder::Tell report_ = [this](const Fault& fault) { pipeline_.report(fault, sink_); };
  ArrivalOrder::Deliver deliver_ = [this](const Chunk& chunk,
                                          signal::SignalView<const double> samples) {
    if (chunk.first_sample >= 0) repeated_ += chunk.repeated;
    pipeline_.push(samples, chunk.arrival_s, chunk.lost, sink_);
  };
  bool has_told_ = false;
};

}  // namespace

void visit_fields(FieldVisitor& visitor, FeedOptions& o) {
  visitor.field("duration_s", o.duration_s, "seconds of signal; 0: all of it", at_least(0),
                {.flag = "duration"});
  visitor.part("match", o.match);
}

FeedResult feed(Source& source, StreamingInference& pipeline, Clock& clock,
                const StreamingInference::Sink& sink, const FeedOptions& options,
                const std::stop_token& stop) {
  nest::validate(options);
  const double rate_hz = source.info().rate_hz;
  pipeline.connect(source.info(), options.match);
  pipeline.set_paced(source.is_paced());
  for (const std::string& warning : pipeline.processor().match().warnings) log_warn("{}", warning);
  const auto limit = options.duration_s > 0
                         ? static_cast<std::int64_t>(options.duration_s * rate_hz)
                         : std::numeric_limits<std::int64_t>::max();
  FeedResult result;
  Feeder feeder(source, pipeline, sink);
  const double start_s = clock.now_s();
  try {
    feeder.run(limit, stop, result);
  } catch (const Error&) {
    feeder.finish();  // what came before the error is decoded
    throw;
  }
  feeder.finish();
  result.signal_s = static_cast<double>(result.samples) / rate_hz;
  result.wall_s = clock.now_s() - start_s;
  return result;
}

}  // namespace nest::stream
