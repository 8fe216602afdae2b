#include <cmath>

#include <fmt/format.h>

#include "nest/core/json.h"
#include "nest/eval/summary.h"

namespace nest::eval {
namespace {

std::string range(const text::ScoreIntervals& intervals, text::Metric metric) {
  const text::Interval& interval = intervals[metric];
  if (!std::isfinite(interval.low)) return "[undefined]";
  const double factor = display_factor(metric);
  return fmt::format("[{:.2f}, {:.2f}]", interval.low * factor, interval.high * factor);
}

std::string metric_line(const Summary& summary, text::Metric metric, const char* label) {
  const double value = summary.metrics.value(metric, summary.scoring) * display_factor(metric);
  return fmt::format("{:<12} {:>8}{:<2} by utterance {:<18} by subject {}\n", label,
                     std::isfinite(value) ? fmt::format("{:.2f}", value) : "undef.",
                     metric == text::Metric::kBleu ? "" : " %",
                     range(summary.intervals.utterance, metric),
                     range(summary.intervals.subject, metric));
}

std::string number(const std::optional<double>& value, int digits) {
  return value ? fmt::format("{:.{}f}", *value, digits) : "unknown";
}

std::string streamed_text(const StreamedFigures& s) {
  std::string text = fmt::format(
      "streamed     {} recordings, {:.1f} s, of which {:.1f} s background: {:.1f} characters a "
      "minute nobody said\n",
      s.recordings, s.signal_s, s.background_s, s.characters_per_minute());
  const auto delay = distribution_of(s.delays_s);
  if (delay)
    text += fmt::format(
        "final text   p50 {:.2f} s, p95 {:.2f}, at most {:.2f} after the end of an "
        "utterance; {} hops took tentative text back\n",
        delay->p50, delay->p95, delay->max, s.revisions);
  return text;
}

}  // namespace

std::string model_text(const Json& model) {
  const auto text = [&](const char* key) { return model.value(key, "unknown"); };
  return fmt::format("{} ({}) on {}, {}\n", text("model"), text("family"), text("executor"),
                     text("decoder"));
}

std::string summary_text(const Summary& summary) {
  const UtteranceCounts& counts = summary.counts;
  std::string text = fmt::format("{} of {} utterances decoded, {} failed\n", counts.decoded,
                                 counts.decoded + counts.failed, counts.failed);
  text += metric_line(summary, text::Metric::kWer, "WER");
  text += metric_line(summary, text::Metric::kCer, "CER");
  text += metric_line(summary, text::Metric::kBleu, "BLEU");
  text += metric_line(summary, text::Metric::kExactMatch, "exact match");
  if (summary.streamed) text += streamed_text(*summary.streamed);
  const Latency& latency = summary.latency;
  if (!latency.total_ms) return text;
  const Distribution& ms = *latency.total_ms;
  return text + fmt::format(
                    "latency      mean {:.3f} ms, p50 {:.3f}, p95 {:.3f}, p99 {:.3f}; "
                    "real-time factor {}; {} utterances/s\n",
                    ms.mean, ms.p50, ms.p95, ms.p99, number(latency.real_time_factor, 5),
                    number(latency.utterances_per_s, 1));
}

}  // namespace nest::eval
