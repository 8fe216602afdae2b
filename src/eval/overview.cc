#include "nest/eval/overview.h"

#include <fmt/format.h>

#include "nest/core/error.h"

namespace nest::eval {
namespace {

Json row_json(const NamedResults& run, const CompareOptions& options) {
  SummaryOptions summary_options;
  summary_options.score = options.score;
  summary_options.bootstrap = options.bootstrap;
  const Json summary = summarize(run.results, summary_options);
  Json row{{"name", run.name},
           {"executor", run.results.model.value("executor", "unknown")},
           {"utterances", run.results.utterances.size()},
           {"weight_bytes", run.results.memory.weight_bytes},
           {"process_peak_bytes", run.results.memory.process_peak_bytes}};
  const Json& latency = summary.at("latency").at("total_ms");
  for (const char* quantile : {"p50", "p95", "p99"}) {
    row["latency_ms"][quantile] = latency.is_null() ? Json(nullptr) : latency.at(quantile);
  }
  for (const char* metric : {"wer", "cer", "bleu"}) {
    const Json& interval = summary.at("intervals").at("utterance").at(metric);
    row[metric] = {{"value", interval.at("estimate")},
                   {"low", interval.at("low")},
                   {"high", interval.at("high")}};
  }
  return row;
}

std::string number(const Json& value, double factor, int digits) {
  return value.is_null() ? "-" : fmt::format("{:.{}f}", value.get<double>() * factor, digits);
}

std::string with_interval(const Json& metric, double factor) {
  return fmt::format("{} [{}, {}]", number(metric.at("value"), factor, 1),
                     number(metric.at("low"), factor, 1), number(metric.at("high"), factor, 1));
}

std::string megabytes(const Json& bytes) {
  const auto value = bytes.get<std::int64_t>();
  return value == 0 ? "-" : fmt::format("{:.2f}", static_cast<double>(value) / 1e6);
}

/// "+0.15 [-0.10, 0.40]" points of one error rate.
std::string change_text(const Json& row, std::string_view name) {
  if (!row.contains("change")) return "";
  for (const Json& metric : row.at("change").at("metrics")) {
    if (metric.at("name") != name) continue;
    const Json& delta = metric.at("delta");
    if (delta.at("estimate").is_null()) return "undefined";
    return fmt::format("{:+.2f} [{}, {}]", delta.at("estimate").get<double>() * 100,
                       number(delta.at("low"), 100, 2), number(delta.at("high"), 100, 2));
  }
  return "undefined";
}

}  // namespace

Json overview(std::span<const NamedResults> runs, const CompareOptions& options) {
  validate(options);
  require(runs.size() >= 2, ErrorCode::kInvalidArgument,
          "an overview compares two or more runs, {} given", runs.size());
  Json json{{"schema", "nest.overview/1"}, {"rows", Json::array()}, {"regression", false}};
  for (const NamedResults& run : runs) {
    Json row = row_json(run, options);
    if (&run != runs.data()) {
      row["change"] = compare_results(runs.front().results, run.results, options);
      if (row["change"].at("regression").get<bool>()) json["regression"] = true;
    }
    json["rows"].push_back(std::move(row));
  }
  return json;
}

std::string overview_text(const Json& overview) {
  constexpr const char* kRow =
      "{:<12} {:>7} {:>7} {:>7} {:>7} {:>7}  {:<18} {:<18} {:<18} {:<21} {:<21}{}\n";
  std::string text = fmt::format(fmt::runtime(kRow), "", "weights", "peak", "p50", "p95", "p99",
                                 "WER", "CER", "BLEU", "WER change", "CER change", "");
  text += fmt::format(fmt::runtime(kRow), "run", "MB", "MB", "ms", "ms", "ms", "% [95 %]",
                      "% [95 %]", "[95 %]", "points [95 %]", "points [95 %]", "");
  for (const Json& row : overview.at("rows")) {
    const Json& latency = row.at("latency_ms");
    const bool is_worse = row.contains("change") && row.at("change").at("regression").get<bool>();
    text += fmt::format(fmt::runtime(kRow), row.at("name").get<std::string>(),
                        megabytes(row.at("weight_bytes")), megabytes(row.at("process_peak_bytes")),
                        number(latency.at("p50"), 1, 2), number(latency.at("p95"), 1, 2),
                        number(latency.at("p99"), 1, 2), with_interval(row.at("wer"), 100),
                        with_interval(row.at("cer"), 100), with_interval(row.at("bleu"), 1),
                        change_text(row, "wer"), change_text(row, "cer"),
                        is_worse ? " REGRESSION" : "");
  }
  return text;
}

}  // namespace nest::eval
