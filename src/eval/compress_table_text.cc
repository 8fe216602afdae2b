#include <cmath>

#include <fmt/format.h>

#include "eval/svg.h"
#include "nest/core/json.h"
#include "nest/core/json_number.h"
#include "nest/eval/compress_table.h"
#include "nest/eval/summary.h"

namespace nest::eval {
namespace {

double smaller(const std::vector<CompressionStep>& steps, const CompressionStep& step) {
  return static_cast<double>(steps.front().state.file_bytes) /
         static_cast<double>(step.state.file_bytes);
}

text::ScoreIntervals intervals_of(const Results& results) {
  return summarize(results, results.options.summary).intervals.utterance;
}

std::string interval_text(const text::Interval& interval, text::Metric metric) {
  const double factor = display_factor(metric);
  return fmt::format("{:.1f} [{:.1f}, {:.1f}]", factor * interval.estimate, factor * interval.low,
                     factor * interval.high);
}

std::string change_text(const std::optional<MetricChange>& change) {
  if (!change) return "";
  const text::Interval& delta = change->result.delta;
  return fmt::format("{:+.2f} [{:.2f}, {:.2f}]", 100 * delta.estimate, 100 * delta.low,
                     100 * delta.high);
}

/// The columns of every table, in words.
constexpr const char* kColumns[] = {"step",       "parameters",     "MMACs",          "file kB",
                                    "smaller",    "memory MB",      "p50 ms",         "p95 ms",
                                    "faster",     "WER %",          "CER %",          "BLEU",
                                    "CER change", "streamed CER %", "streamed change"};

std::vector<std::string> cells(const std::vector<CompressionStep>& steps,
                               const CompressionStep& step) {
  const auto scores = intervals_of(*step.state.errors);
  std::vector<std::string> row{
      step.name,
      fmt::format("{}", step.state.figures.parameters),
      fmt::format("{:.2f}", static_cast<double>(step.state.figures.macs) / 1e6),
      fmt::format("{:.1f}", static_cast<double>(step.state.file_bytes) / 1e3),
      fmt::format("{:.1f}x", smaller(steps, step)),
      step.memory_bytes == 0 ? ""
                             : fmt::format("{:.2f}", static_cast<double>(step.memory_bytes) / 1e6),
      fmt::format("{:.3f}", step.p50_ms),
      fmt::format("{:.3f}", step.p95_ms),
      fmt::format("{:.1f}x", step.faster)};
  for (const text::Metric metric : kTableMetrics)
    row.push_back(interval_text(scores[metric], metric));
  row.push_back(change_text(step.cer_change));
  row.push_back(step.streamed ? interval_text(intervals_of(*step.streamed)[text::Metric::kCer],
                                              text::Metric::kCer)
                              : "");
  row.push_back(change_text(step.streamed_cer_change));
  return row;
}

Json change_json(const std::optional<MetricChange>& change) {
  return change ? to_json(change->result.delta) : Json(nullptr);
}

}  // namespace

Json steps_json(const std::vector<CompressionStep>& steps) {
  Json rows = Json::array();
  for (const CompressionStep& step : steps) {
    Json row = compress::to_json(step.state.figures);
    row["name"] = step.name;
    row["file_bytes"] = step.state.file_bytes;
    row["smaller"] = smaller(steps, step);
    row["memory_bytes"] = step.memory_bytes;
    row["p50_ms"] = step.p50_ms;
    row["p95_ms"] = step.p95_ms;
    row["faster"] = step.faster;
    const auto scores = intervals_of(*step.state.errors);
    for (const text::Metric metric : kTableMetrics)
      row[std::string(name_of(metric))] = to_json(scores[metric]);
    row["cer_change"] = change_json(step.cer_change);
    if (step.streamed) {
      row["streamed_cer"] = to_json(intervals_of(*step.streamed)[text::Metric::kCer]);
      row["streamed_characters_per_minute"] = step.streamed->streamed->characters_per_minute();
      row["streamed_cer_change"] = change_json(step.streamed_cer_change);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string steps_text(const std::vector<CompressionStep>& steps) {
  std::vector<std::vector<std::string>> rows{{std::begin(kColumns), std::end(kColumns)}};
  for (const CompressionStep& step : steps) rows.push_back(cells(steps, step));
  std::string text;
  for (const auto& row : rows) {
    std::string line = "|";
    for (const std::string& cell : row) line += fmt::format(" {} |", cell);
    text += line + "\n";
    if (&row == rows.data()) {
      text += "|";
      for (std::size_t i = 0; i < row.size(); ++i) text += "---|";
      text += "\n";
    }
  }
  return text;
}

std::string steps_html(const std::vector<CompressionStep>& steps) {
  std::string html = "<div class=\"scroll\"><table><tr>";
  for (const char* column : kColumns) html += fmt::format("<th>{}</th>", column);
  html += "</tr>\n";
  for (const CompressionStep& step : steps) {
    html += "<tr>";
    for (const std::string& cell : cells(steps, step))
      html += fmt::format("<td>{}</td>", report::escape(cell));
    html += "</tr>\n";
  }
  return html + "</table></div>\n";
}

}  // namespace nest::eval
