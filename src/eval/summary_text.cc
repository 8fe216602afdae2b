#include <cmath>

#include <fmt/format.h>

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

}  // namespace

std::string summary_text(const Summary& summary) {
  const UtteranceCounts& counts = summary.counts;
  std::string text = fmt::format("{} of {} utterances decoded, {} failed\n", counts.decoded,
                                 counts.decoded + counts.failed, counts.failed);
  text += metric_line(summary, text::Metric::kWer, "WER");
  text += metric_line(summary, text::Metric::kCer, "CER");
  text += metric_line(summary, text::Metric::kBleu, "BLEU");
  text += metric_line(summary, text::Metric::kExactMatch, "exact match");
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
