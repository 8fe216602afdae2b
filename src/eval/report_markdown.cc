#include <fmt/format.h>

#include "eval/report_parts.h"
#include "nest/eval/report.h"

namespace nest::eval {
namespace {

using report::interval;
using report::number;
using report::percent;
using text::Metric;

/// Cells of a Markdown table may not hold bars or line breaks.
std::string cell(std::string text) {
  for (std::size_t at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2)) {
    text.insert(at, "\\");
  }
  for (char& c : text) c = c == '\n' ? ' ' : c;
  return text;
}

std::string metrics(const Summary& summary) {
  std::string text =
      "| metric | value | 95 % by utterance | 95 % by subject |\n|---|---:|---:|---:|\n";
  for (const Metric metric : {Metric::kWer, Metric::kCer, Metric::kExactMatch, Metric::kBleu}) {
    text += fmt::format(
        "| {} | {} | {} | {} |\n", name_of(metric), report::metric_value(summary, metric, 2),
        interval(summary.intervals.utterance, metric), interval(summary.intervals.subject, metric));
  }
  return text;
}

std::string latency(const Latency& latency) {
  if (!latency.total_ms) return "";
  std::string text = "\n| latency (ms) | mean | p50 | p95 | p99 |\n|---|---:|---:|---:|---:|\n";
  const auto row = [&](const char* name, const Distribution& ms) {
    text += fmt::format("| {} | {:.3f} | {:.3f} | {:.3f} | {:.3f} |\n", name, ms.mean, ms.p50,
                        ms.p95, ms.p99);
  };
  row("encode_ms", *latency.encode_ms);
  row("decode_ms", *latency.decode_ms);
  row("total_ms", *latency.total_ms);
  const auto shown = [](const std::optional<double>& value, int digits) {
    return value ? number(*value, digits) : "n/a";
  };
  return text + fmt::format("\nReal-time factor {}, {} utterances/s.\n",
                            shown(latency.real_time_factor, 4), shown(latency.utterances_per_s, 1));
}

std::string subjects(const std::vector<GroupScore>& groups) {
  std::string text =
      "\n| subject | utterances | WER | CER | 95 % | exact |\n|---|---:|---:|---:|---:|"
      "---:|\n";
  for (const GroupScore& group : groups) {
    text +=
        fmt::format("| {} | {} | {} | {} | {} | {} |\n", cell(group.name), group.score.utterances,
                    percent(group.score.wer()), percent(group.score.cer()),
                    interval(group.intervals, Metric::kCer), percent(group.score.exact_rate()));
  }
  return text;
}

std::string audit_table(const std::optional<AuditVerdict>& audit) {
  if (!audit) return "";
  std::string text = fmt::format(
      "\n## Audit: {}\n\n{}.\n\n| check | verdict | finding |\n|---|---|---|"
      "\n",
      audit->passed ? "pass" : "fail", eeg_use_text(audit->eeg_is_used));
  for (const CheckVerdict& check : audit->checks) {
    text += fmt::format("| {} {} | {} | {} |\n", check.number, check.name,
                        check.passed ? "ok" : "**FAIL**", cell(check.summary));
  }
  return text;
}

}  // namespace

std::string report_markdown(const ReportContent& content) {
  const Summary& summary = content.summary;
  const SetInfo& dataset = content.results.dataset;
  std::string text =
      fmt::format("# {} on {}, {}\n\n{} of {} utterances decoded, free-running.\n\n",
                  report::model_text(content.results.model, "model"), dataset.name, dataset.split,
                  summary.counts.decoded, summary.counts.decoded + summary.counts.failed);
  text += metrics(summary) + latency(summary.latency);
  text += report::streamed_markdown(summary, content.streamed) + audit_table(content.audit);
  text += subjects(summary.subjects);
  text += "\n## Worst utterances\n";
  for (const WorstUtterance& worst : summary.worst) {
    text += fmt::format("\n{}\n```\n{}\n```\n", worst.id, worst.alignment);
  }
  for (const Failure& failure : content.results.failures) {
    text += fmt::format("\nNot decoded: {} ({}): {}\n", failure.id, name_of(failure.kind),
                        failure.message);
  }
  text += "\n## Signatures\n\n";
  for (const auto& [name, line] : text::signatures(summary.scoring, 1)) {
    text += "- `" + line + "`\n";
  }
  return text;
}

}  // namespace nest::eval
