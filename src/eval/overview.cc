#include "nest/eval/overview.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "nest/core/error.h"
#include "nest/core/json_number.h"
#include "nest/core/options.h"

namespace nest::eval {
namespace {

constexpr text::Metric kShown[] = {text::Metric::kWer, text::Metric::kCer, text::Metric::kBleu};

OverviewRow row_of(const NamedResults& run, const CompareOptions& options, const Job& job) {
  OverviewRow row;
  row.name = run.name;
  row.executor = run.results.model.value("executor", "unknown");
  row.utterances = run.results.utterances.size();
  row.memory = run.results.memory;
  row.latency_ms = latency_of(run.results).total_ms;
  row.metrics = text::score_intervals(text::count_table(scores_of(run.results)), {}, options.score,
                                      options.bootstrap, job);
  return row;
}

Json row_json(const OverviewRow& row) {
  Json json{{"name", row.name},
            {"executor", row.executor},
            {"utterances", row.utterances},
            {"weight_bytes", row.memory.weight_bytes},
            {"process_peak_bytes", row.memory.process_peak_bytes}};
  const auto& ms = row.latency_ms;
  json["latency_ms"] = {{"p50", ms ? Json(ms->p50) : Json(nullptr)},
                        {"p95", ms ? Json(ms->p95) : Json(nullptr)},
                        {"p99", ms ? Json(ms->p99) : Json(nullptr)}};
  for (const text::Metric metric : kShown) {
    const text::Interval& interval = row.metrics[metric];
    json[std::string(name_of(metric))] = {{"value", number_or_null(interval.estimate)},
                                          {"low", number_or_null(interval.low)},
                                          {"high", number_or_null(interval.high)}};
  }
  if (row.change) json["change"] = to_json(*row.change);
  return json;
}

std::string number(double value, double factor, int digits) {
  return std::isfinite(value) ? fmt::format("{:.{}f}", value * factor, digits) : "-";
}

std::string with_interval(const OverviewRow& row, text::Metric metric) {
  const text::Interval& interval = row.metrics[metric];
  const double factor = display_factor(metric);
  return fmt::format("{} [{}, {}]", number(interval.estimate, factor, 1),
                     number(interval.low, factor, 1), number(interval.high, factor, 1));
}

std::string megabytes(std::int64_t bytes) {
  return bytes == 0 ? "-" : fmt::format("{:.2f}", static_cast<double>(bytes) / 1e6);
}

std::string milliseconds(const OverviewRow& row, double Distribution::*quantile) {
  return row.latency_ms ? fmt::format("{:.2f}", (*row.latency_ms).*quantile) : "-";
}

/// "+0.15 [-0.10, 0.40]" points of one error rate.
std::string change_text(const OverviewRow& row, text::Metric metric) {
  if (!row.change) return "";
  for (const MetricChange& change : row.change->metrics) {
    if (change.metric != metric) continue;
    const text::Interval& delta = change.result.delta;
    if (!std::isfinite(delta.estimate)) return "undefined";
    return fmt::format("{:+.2f} [{}, {}]", delta.estimate * 100, number(delta.low, 100, 2),
                       number(delta.high, 100, 2));
  }
  return "undefined";
}

}  // namespace

bool Overview::is_regression() const {
  return std::any_of(rows.begin(), rows.end(), [](const OverviewRow& row) {
    return row.change && row.change->is_regression();
  });
}

Overview overview(std::span<const NamedResults> runs, const CompareOptions& options,
                  const Job& job) {
  validate(options);
  require(runs.size() >= 2, ErrorCode::kInvalidArgument,
          "an overview compares two or more runs, {} given", runs.size());
  Overview overview;
  for (const NamedResults& run : runs) {
    OverviewRow& row = overview.rows.emplace_back(row_of(run, options, job));
    if (&run != runs.data()) {
      row.change = compare_results(runs.front().results, run.results, options, job);
    }
  }
  return overview;
}

Json to_json(const Overview& overview) {
  Json json{{"schema", "nest.overview/1"},
            {"rows", Json::array()},
            {"regression", overview.is_regression()}};
  for (const OverviewRow& row : overview.rows) json["rows"].push_back(row_json(row));
  return json;
}

std::string overview_text(const Overview& overview) {
  constexpr const char* kRow =
      "{:<12} {:>7} {:>7} {:>7} {:>7} {:>7}  {:<18} {:<18} {:<18} {:<21} {:<21}{}\n";
  std::string text = fmt::format(fmt::runtime(kRow), "", "weights", "peak", "p50", "p95", "p99",
                                 "WER", "CER", "BLEU", "WER change", "CER change", "");
  text += fmt::format(fmt::runtime(kRow), "run", "MB", "MB", "ms", "ms", "ms", "% [95 %]",
                      "% [95 %]", "[95 %]", "points [95 %]", "points [95 %]", "");
  for (const OverviewRow& row : overview.rows) {
    const bool is_worse = row.change && row.change->is_regression();
    text +=
        fmt::format(fmt::runtime(kRow), row.name, megabytes(row.memory.weight_bytes),
                    megabytes(row.memory.process_peak_bytes), milliseconds(row, &Distribution::p50),
                    milliseconds(row, &Distribution::p95), milliseconds(row, &Distribution::p99),
                    with_interval(row, text::Metric::kWer), with_interval(row, text::Metric::kCer),
                    with_interval(row, text::Metric::kBleu), change_text(row, text::Metric::kWer),
                    change_text(row, text::Metric::kCer), is_worse ? " REGRESSION" : "");
  }
  return text;
}

}  // namespace nest::eval
