#include "nest/stream/feed.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "nest/core/error.h"

namespace nest::stream {
namespace {

/// Samples asked of a source at once.
constexpr std::int64_t kCapacity = 4096;

/// Copies the model's channels out of a delivery, in its order and unit.
void pick_channels(signal::SignalView<const float> from, const std::vector<std::int64_t>& picks,
                   double factor, signal::SignalView<float> to) {
  for (std::size_t c = 0; c < picks.size(); ++c) {
    const float* row = from.row(picks[c]);
    float* out = to.row(static_cast<std::int64_t>(c));
    for (std::int64_t t = 0; t < from.samples; ++t) {
      out[t] = static_cast<float>(static_cast<double>(row[t]) * factor);
    }
  }
}

}  // namespace

void validate(const FeedOptions& options) {
  require(options.duration_s >= 0, ErrorCode::kInvalidArgument,
          "--duration is {}; it must be 0 or more", options.duration_s);
}

FeedResult feed(Source& source, StreamingInference& pipeline, Clock& clock,
                const StreamingInference::Sink& sink, const FeedOptions& options,
                const std::stop_token& stop) {
  validate(options);
  const graph::SignalContract& contract = pipeline.contract();
  const auto picks = match_channels(source.info(), contract);
  const double factor = unit_factor(source.info(), contract);
  const auto channels = static_cast<std::int64_t>(picks.size());
  const std::int64_t raw_channels = source.info().num_channels;
  std::vector<float> raw(static_cast<std::size_t>(raw_channels * kCapacity));
  std::vector<float> picked(static_cast<std::size_t>(channels * kCapacity));
  const auto limit = options.duration_s > 0
                         ? static_cast<std::int64_t>(options.duration_s * contract.rate_hz)
                         : std::numeric_limits<std::int64_t>::max();
  FeedResult result;
  const double start_s = clock.now_s();
  while (!stop.stop_requested() && result.samples < limit) {
    const std::int64_t room = std::min(kCapacity, limit - result.samples);
    const Chunk chunk = source.read({raw.data(), raw_channels, room, kCapacity});
    if (chunk.samples == 0) break;
    const signal::SignalView<const float> in(raw.data(), raw_channels, chunk.samples, kCapacity);
    const signal::SignalView<float> out(picked.data(), channels, chunk.samples, kCapacity);
    pick_channels(in, picks, factor, out);
    pipeline.push(out, chunk.arrival_s, chunk.lost, sink);
    result.samples += chunk.samples;
  }
  pipeline.finish(sink);
  result.signal_s = static_cast<double>(result.samples) / contract.rate_hz;
  result.wall_s = clock.now_s() - start_s;
  return result;
}

}  // namespace nest::stream
