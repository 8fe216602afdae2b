#include "nest/stream/report.h"

#include "nest/core/json.h"

namespace nest::stream {
namespace {

Json bad_channels_json(const StreamingInference& pipeline) {
  Json json = Json::array();
  const double rate_hz = pipeline.processor().match().rate_hz;
  const auto channels = pipeline.quality().channels();
  for (std::size_t c = 0; c < channels.size(); ++c) {
    if (channels[c].is_good()) continue;
    json.push_back({{"name", contract::channel_name(pipeline.contract(), c)},
                    {"non_finite", channels[c].non_finite},
                    {"flat_s", static_cast<double>(channels[c].flat) / rate_hz},
                    {"clipped", channels[c].clipped}});
  }
  return json;
}

}  // namespace

Json event_json(const StreamingInference& pipeline, const StreamEvent& event,
                const std::string& committed) {
  return {{"time_s", event.time_s},
          {"committed", committed},
          {"tentative", pipeline.text_of(event.tentative)},
          {"latency_ms", event.latency.age_ms},
          {"wait_ms", event.latency.wait_ms},
          {"preprocess_ms", event.latency.preprocess_ms},
          {"model_ms", event.latency.model_ms},
          {"decode_ms", event.latency.decode_ms}};
}

Json summary_json(const StreamingInference& pipeline, const FeedResult& fed,
                  const std::string& text) {
  const auto parts = pipeline.latency().mean_parts();
  return {{"text", text},
          {"signal_s", fed.signal_s},
          {"wall_s", fed.wall_s},
          {"real_time_factor", fed.signal_s > 0 ? fed.wall_s / fed.signal_s : 0},
          {"latency", to_json(pipeline.latency().statistics())},
          {"mean_parts_ms",
           {{"wait", parts.wait_ms},
            {"preprocess", parts.preprocess_ms},
            {"model", parts.model_ms},
            {"decode", parts.decode_ms}}},
          {"gaps", pipeline.gaps()},
          {"repeated_samples", fed.repeated},
          {"non_finite_samples", pipeline.processor().counts().non_finite},
          {"bad_channels", bad_channels_json(pipeline)},
          {"pipeline", pipeline.describe()}};
}

std::string summary_text(const StreamingInference& pipeline, const FeedResult& fed) {
  const auto s = pipeline.latency().statistics();
  const std::string bad =
      describe(pipeline.quality(), pipeline.contract(), pipeline.processor().match().rate_hz);
  return fmt::format(
      "{} hops over {:.1f} s of signal: latency p50 {:.2f}, p95 {:.2f}, p99 {:.2f}, p99.9 {:.2f} "
      "ms, {} above {} ms; {} gaps; {}",
      s.count, fed.signal_s, s.p50_ms, s.p95_ms, s.p99_ms, s.p999_ms, s.deadline_misses,
      pipeline.latency().deadline_ms(), pipeline.gaps(), bad.empty() ? "no bad channel" : bad);
}

}  // namespace nest::stream
