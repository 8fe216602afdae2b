#include "nest/stream/feed.h"

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "nest/core/error.h"
#include "nest/core/log.h"
#include "nest/core/options.h"

namespace nest::stream {
namespace {

/// Samples asked of a source at once.
constexpr std::int64_t kCapacity = 4096;

/// Carries samples from a source to a pipeline, and tells once of an implausible amplitude.
class Feeder {
 public:
  Feeder(Source& source, StreamingInference& pipeline, const StreamingInference::Sink& sink)
      : source_(source), pipeline_(pipeline), sink_(sink) {}

  /// Until the source ends, a stop is requested or `limit` samples have come; counts them.
  void run(std::int64_t limit, const std::stop_token& stop, FeedResult& fed) {
    const std::int64_t channels = source_.info().num_channels();
    std::vector<double> samples(static_cast<std::size_t>(channels * kCapacity));
    while (!stop.stop_requested() && fed.samples < limit) {
      const signal::SignalView<double> into(samples.data(), channels,
                                            std::min(kCapacity, limit - fed.samples), kCapacity);
      const Chunk chunk = source_.read(into);
      if (chunk.samples == 0) break;
      const signal::SignalView<const double> in(into.slice(0, chunk.samples));
      pipeline_.push(in, chunk.arrival_s, chunk.lost, sink_);
      fed.samples += chunk.samples;
      fed.repeated += chunk.repeated;
      tell();
    }
  }

  void finish() {
    pipeline_.finish(sink_);
    tell();
  }

 private:
  void tell() {
    if (has_told_) return;
    const auto warning = pipeline_.processor().amplitude_warning();
    has_told_ = warning.has_value();
    if (has_told_) log_warn("{}", *warning);
  }

  Source& source_;
  StreamingInference& pipeline_;
  const StreamingInference::Sink& sink_;
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
