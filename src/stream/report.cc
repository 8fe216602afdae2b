#include "nest/stream/report.h"

#include <span>

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

bool is_of_channel(FaultKind kind) {
  return kind == FaultKind::kFlat || kind == FaultKind::kNoisy || kind == FaultKind::kNotFinite;
}

/// A segment that ended, with every token's times and where its time went.
Json segment_json(const StreamingInference& pipeline, const Segment& segment,
                  const std::string& committed) {
  Json tokens = Json::array();
  const decode::Hypothesis& h = segment.hypothesis;
  for (std::size_t i = 0; i < h.tokens.size(); ++i) {
    Json token = {{"text", pipeline.text_of(std::span(h.tokens).subspan(i, 1))}};
    if (i < h.times.size()) {
      token["start_s"] = h.times[i].start_s;
      token["end_s"] = h.times[i].end_s;
    }
    if (i < h.confidences.size()) token["confidence"] = h.confidences[i];
    token["committed_s"] = segment.committed_s[i];
    token["latency"] = to_json(segment.latency[i]);
    tokens.push_back(std::move(token));
  }
  return {{"event", "segment"},
          {"segment", segment.number},
          {"start_s", segment.start_s},
          {"end_s", segment.end_s},
          {"committed", committed},
          {"text", segment.text},
          {"confidence", segment.confidence},
          {"tokens", std::move(tokens)}};
}

}  // namespace

Json event_json(const StreamingInference& pipeline, const StreamEvent& event,
                const std::string& committed) {
  if (event.fault != nullptr) {
    Json json = to_json(*event.fault);
    json["event"] = is_of_channel(event.fault->kind) ? "quality" : "fault";
    return json;
  }
  if (event.segment != nullptr) return segment_json(pipeline, *event.segment, committed);
  return {{"event", "partial"},
          {"time_s", event.time_s},
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
          {"latency", to_json(pipeline.latency().get_statistics())},
          {"mean_parts_ms",
           {{"wait", parts.wait_ms},
            {"preprocess", parts.preprocess_ms},
            {"model", parts.model_ms},
            {"decode", parts.decode_ms}}},
          {"latency_is", pipeline.is_paced() ? "arrival to text" : "computing alone"},
          {"filter_delay_ms", pipeline.filter_delay_ms()},
          {"gaps", pipeline.gaps()},
          {"faults", to_json(pipeline.faults())},
          {"masked_frames", pipeline.masked_frames()},
          {"watchdog_calls", pipeline.watchdog_calls()},
          {"drift_ppm", fed.drift_ppm},
          {"repeated_samples", fed.repeated},
          {"non_finite_samples", pipeline.processor().counts().non_finite},
          {"bad_channels", bad_channels_json(pipeline)},
          {"pipeline", pipeline.describe()}};
}

std::string summary_text(const StreamingInference& pipeline, const FeedResult& fed) {
  const auto s = pipeline.latency().get_statistics();
  const std::string bad =
      describe(pipeline.quality(), pipeline.contract(), pipeline.processor().match().rate_hz);
  return fmt::format(
      "{} hops over {:.1f} s of signal: {} p50 {:.2f}, p95 {:.2f}, p99 {:.2f}, p99.9 {:.2f} "
      "ms, {} above {} ms; {} gaps; {}",
      s.count, fed.signal_s,
      pipeline.is_paced() ? "latency" : "computing (the source is not paced, nothing waited)",
      s.p50_ms, s.p95_ms, s.p99_ms, s.p999_ms, s.deadline_misses, pipeline.latency().deadline_ms(),
      pipeline.gaps(), bad.empty() ? "no bad channel" : bad);
}

}  // namespace nest::stream
