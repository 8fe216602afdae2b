#include "nest/eval/overview.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "nest/core/error.h"
#include "nest/core/json_number.h"
#include "nest/core/options.h"

namespace nest::eval {
namespace {

text::ScoreIntervals intervals_of(const Results& results, const CompareOptions& options,
                                  const Job& job) {
  return text::score_intervals(text::count_table(scores_of(results)), {}, options.score,
                               options.bootstrap, job);
}

OverviewRow row_of(const NamedResults& run, const CompareOptions& options, const Job& job) {
  OverviewRow row;
  row.name = run.name;
  row.executor = run.results.model.value("executor", "unknown");
  row.file_bytes = run.results.model.value("file_bytes", std::int64_t{0});
  row.macs = run.results.model.value("macs", std::int64_t{0});
  row.utterances = run.results.utterances.size();
  row.memory = run.results.memory;
  row.latency_ms = latency_of(run.results).total_ms;
  row.metrics = intervals_of(run.results, options, job);
  return row;
}

/// Whether a streamed run is of what a row was made of.
bool is_same_model(const Results& a, const Results& b) {
  for (const char* key : {"model", "executor", "file_bytes"})
    if (a.model.value(key, Json()) != b.model.value(key, Json())) return false;
  return true;
}

Json metrics_json(const text::ScoreIntervals& metrics) {
  Json json = Json::object();
  for (const text::Metric metric : kTableMetrics) {
    const text::Interval& interval = metrics[metric];
    json[std::string(name_of(metric))] = {{"value", number_or_null(interval.estimate)},
                                          {"low", number_or_null(interval.low)},
                                          {"high", number_or_null(interval.high)}};
  }
  return json;
}

Json row_json(const OverviewRow& row) {
  Json json{{"name", row.name},
            {"executor", row.executor},
            {"utterances", row.utterances},
            {"file_bytes", row.file_bytes},
            {"macs", row.macs},
            {"weight_bytes", row.memory.weight_bytes},
            {"process_peak_bytes", row.memory.process_peak_bytes}};
  const auto& ms = row.latency_ms;
  json["latency_ms"] = {{"p50", ms ? Json(ms->p50) : Json(nullptr)},
                        {"p95", ms ? Json(ms->p95) : Json(nullptr)},
                        {"p99", ms ? Json(ms->p99) : Json(nullptr)}};
  json.update(metrics_json(row.metrics));
  json["streamed"] = row.streamed ? metrics_json(*row.streamed) : Json(nullptr);
  if (row.change) json["change"] = to_json(*row.change);
  return json;
}

std::string number(double value, double factor, int digits) {
  return std::isfinite(value) ? fmt::format("{:.{}f}", value * factor, digits) : "-";
}

std::string with_interval(const text::ScoreIntervals& metrics, text::Metric metric) {
  const text::Interval& interval = metrics[metric];
  const double factor = display_factor(metric);
  return fmt::format("{} [{}, {}]", number(interval.estimate, factor, 1),
                     number(interval.low, factor, 1), number(interval.high, factor, 1));
}

std::string millions(std::int64_t count, int digits = 2) {
  return count == 0 ? "-" : fmt::format("{:.{}f}", static_cast<double>(count) / 1e6, digits);
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

std::string cost_text(std::span<const OverviewRow> rows, std::size_t width) {
  constexpr const char* kRow = "{:<{}} {:>8} {:>10} {:>8} {:>10} {:>8} {:>8} {:>8}\n";
  const auto line = [&](const auto&... cells) { return fmt::format(fmt::runtime(kRow), cells...); };
  std::string text = line("", width, "file", "weights", "peak", "MMACs", "p50", "p95", "p99");
  text += line("run", width, "MB", "in use MB", "MB", "a second", "ms", "ms", "ms");
  for (const OverviewRow& row : rows)
    text += line(row.name, width, millions(row.file_bytes, 3), millions(row.memory.weight_bytes),
                 millions(row.memory.process_peak_bytes, 0), millions(row.macs),
                 milliseconds(row, &Distribution::p50), milliseconds(row, &Distribution::p95),
                 milliseconds(row, &Distribution::p99));
  return text;
}

/// "12.9 [10.4, 15.4]  2.8 [2.2, 3.3]" where the run was streamed.
std::string streamed_text(const OverviewRow& row, text::Metric metric) {
  return row.streamed ? with_interval(*row.streamed, metric) : "-";
}

std::string quality_text(std::span<const OverviewRow> rows, std::size_t width) {
  constexpr const char* kRow = "{:<{}}  {:<17} {:<15} {:<17}  {:<17} {:<15}  {:<21}{}\n";
  const auto line = [&](const auto&... cells) { return fmt::format(fmt::runtime(kRow), cells...); };
  std::string text =
      line("", width, "WER", "CER", "BLEU", "streamed WER", "streamed CER", "CER change", "");
  text += line("run", width, "% [95 %]", "% [95 %]", "[95 %]", "% [95 %]", "% [95 %]",
               "points [95 %]", "");
  for (const OverviewRow& row : rows) {
    const bool is_worse = row.change && row.change->is_regression();
    text += line(row.name, width, with_interval(row.metrics, text::Metric::kWer),
                 with_interval(row.metrics, text::Metric::kCer),
                 with_interval(row.metrics, text::Metric::kBleu),
                 streamed_text(row, text::Metric::kWer), streamed_text(row, text::Metric::kCer),
                 change_text(row, text::Metric::kCer), is_worse ? " REGRESSION" : "");
  }
  return text;
}

}  // namespace

bool Overview::is_regression() const {
  return std::any_of(rows.begin(), rows.end(), [](const OverviewRow& row) {
    return row.change && row.change->is_regression();
  });
}

Overview overview(std::span<const NamedResults> runs, const CompareOptions& options,
                  const Job& job) {
  nest::validate(options);
  std::vector<std::size_t> cut;  // runs that have a row
  for (std::size_t i = 0; i < runs.size(); ++i)
    if (!runs[i].results.streamed) cut.push_back(i);
  require(cut.size() >= 2, ErrorCode::kInvalidArgument,
          "an overview compares two or more runs of cut utterances, {} given", cut.size());
  Overview overview;
  for (const std::size_t i : cut) {
    OverviewRow& row = overview.rows.emplace_back(row_of(runs[i], options, job));
    if (i != cut.front())
      row.change = compare_results(runs[cut.front()].results, runs[i].results, options, job);
  }
  for (const NamedResults& run : runs) {
    if (!run.results.streamed) continue;
    const auto of = std::ranges::find_if(
        cut, [&](std::size_t i) { return is_same_model(runs[i].results, run.results); });
    require(of != cut.end(), ErrorCode::kInvalidArgument,
            "the streamed run '{}' is of another model or executor than every other run; add "
            "the results of its cut utterances",
            run.name);
    overview.rows[static_cast<std::size_t>(of - cut.begin())].streamed =
        intervals_of(run.results, options, job);
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
  std::size_t width = 12;
  for (const OverviewRow& row : overview.rows) width = std::max(width, row.name.size());
  return cost_text(overview.rows, width) + "\n" + quality_text(overview.rows, width);
}

}  // namespace nest::eval
