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

/// Tells of an implausible amplitude, once.
class AmplitudeTeller {
 public:
  explicit AmplitudeTeller(const StreamingInference& pipeline) : pipeline_(pipeline) {}
  void look() {
    if (has_told_) return;
    const auto warning = pipeline_.processor().amplitude_warning();
    has_told_ = warning.has_value();
    if (has_told_) log_warn("{}", *warning);
  }

 private:
  const StreamingInference& pipeline_;
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
  const SourceInfo& info = source.info();
  pipeline.connect(info, options.match);
  for (const std::string& warning : pipeline.processor().match().warnings) log_warn("{}", warning);
  AmplitudeTeller amplitude(pipeline);
  std::vector<double> samples(static_cast<std::size_t>(info.num_channels() * kCapacity));
  const auto limit = options.duration_s > 0
                         ? static_cast<std::int64_t>(options.duration_s * info.rate_hz)
                         : std::numeric_limits<std::int64_t>::max();
  FeedResult result;
  const double start_s = clock.now_s();
  while (!stop.stop_requested() && result.samples < limit) {
    const std::int64_t room = std::min(kCapacity, limit - result.samples);
    const signal::SignalView<double> into(samples.data(), info.num_channels(), room, kCapacity);
    const Chunk chunk = source.read(into);
    if (chunk.samples == 0) break;
    const signal::SignalView<const double> in(into.slice(0, chunk.samples));
    pipeline.push(in, chunk.arrival_s, chunk.lost, sink);
    result.samples += chunk.samples;
    amplitude.look();
  }
  pipeline.finish(sink);
  amplitude.look();
  result.signal_s = static_cast<double>(result.samples) / info.rate_hz;
  result.wall_s = clock.now_s() - start_s;
  return result;
}

}  // namespace nest::stream
