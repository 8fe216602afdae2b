#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include <fmt/format.h>

#include "eval/report_parts.h"
#include "eval/svg.h"

namespace nest::eval::report {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

struct Row {
  std::string name;
  double value;
  double low = kNone;  ///< NaN: without a whisker
  double high = kNone;
};

/// Horizontal bars with whiskers; values in percent.
std::string bars(const std::vector<Row>& rows, const std::string& label) {
  constexpr double kLeft = 122;
  constexpr double kRow = 20;
  double top = 1;
  for (const Row& row : rows) {
    top = std::max({top, row.value, std::isfinite(row.high) ? row.high : 0.0});
  }
  const double width = kPlotWidth - kLeft - 48;
  const double height = kRow * static_cast<double>(rows.size()) + 22;
  const auto x_of = [&](double value) { return kLeft + width * value / top; };
  std::string body;
  for (double tick = 0; tick <= top * 1.0001; tick += tick_step(top)) {
    body += line(x_of(tick), 0, x_of(tick), height - 18, "axis");
    body += text_at(x_of(tick), height - 5, fmt::format("{:g}", tick), "middle", "soft");
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Row& row = rows[i];
    const double y = kRow * static_cast<double>(i) + 3;
    body += text_at(kLeft - 6, y + 11, shortened(row.name, 17), "end");
    body += box(kLeft, y, x_of(row.value) - kLeft, kRow - 7, "bar",
                fmt::format("{}: {:.1f} %", row.name, row.value));
    if (std::isfinite(row.low) && std::isfinite(row.high)) {
      const double middle = y + (kRow - 7) / 2;
      body += line(x_of(row.low), middle, x_of(row.high), middle, "whisker");
    }
    const double end = std::max(row.value, std::isfinite(row.high) ? row.high : 0.0);
    body += text_at(x_of(end) + 5, y + 11, fmt::format("{:.1f}", row.value));
  }
  return svg(kPlotWidth, height, label, body);
}

}  // namespace

std::string subject_plot(const std::vector<GroupScore>& subjects) {
  std::vector<Row> rows;
  for (const GroupScore& subject : subjects) {
    const double cer = subject.score.cer();
    if (!std::isfinite(cer) || rows.size() >= 40) continue;
    const text::Interval& interval = subject.intervals[text::Metric::kCer];
    rows.push_back({subject.name.empty() ? "(none)" : subject.name, 100 * cer, 100 * interval.low,
                    100 * interval.high});
  }
  return rows.empty() ? "" : bars(rows, "character error rate by subject in percent");
}

std::string control_plot(const std::optional<AuditVerdict>& audit) {
  if (!audit) return "";
  std::vector<Row> rows;
  for (const ControlFigure& figure : audit->controls) {
    if (!std::isfinite(figure.eeg) || !std::isfinite(figure.control)) continue;
    const double eeg = 100 * figure.eeg;
    if (rows.empty()) rows.push_back({"EEG", eeg});
    std::string name = figure.name;
    std::replace(name.begin(), name.end(), '_', ' ');
    rows.push_back(
        {name, 100 * figure.control, eeg + 100 * figure.delta_low, eeg + 100 * figure.delta_high});
  }
  return rows.empty() ? "" : bars(rows, "character error rate of EEG and controls in percent");
}

std::string latency_plot(const Results& results, const Latency& latency) {
  if (!latency.total_ms || results.utterances.size() < 2) return "";
  std::vector<double> values;
  for (const UtteranceResult& u : results.utterances) values.push_back(u.encode_ms + u.decode_ms);
  const double top = std::max(*std::max_element(values.begin(), values.end()), 1e-9) * 1.0001;
  constexpr std::size_t kBins = 24;
  std::vector<int> counts(kBins, 0);
  for (const double value : values) {
    ++counts[std::min(kBins - 1, static_cast<std::size_t>(value / top * kBins))];
  }
  const int most = *std::max_element(counts.begin(), counts.end());
  constexpr double kHeight = 150;
  const double width = kPlotWidth - 20;
  std::string body;
  for (std::size_t b = 0; b < kBins; ++b) {
    const double h = 110.0 * counts[b] / most;
    body += box(10 + width * static_cast<double>(b) / kBins, 130 - h, width / kBins - 1, h, "bar",
                fmt::format("{:.2f} to {:.2f} ms: {}", top * static_cast<double>(b) / kBins,
                            top * static_cast<double>(b + 1) / kBins, counts[b]));
  }
  for (double tick = 0; tick <= top; tick += tick_step(top)) {
    body += text_at(10 + width * tick / top, 146, fmt::format("{:g}", tick), "middle", "soft");
  }
  double y = 10;
  const Distribution& ms = *latency.total_ms;
  for (const auto& [name, value] :
       {std::pair{"p50", ms.p50}, std::pair{"p95", ms.p95}, std::pair{"p99", ms.p99}}) {
    const double x = 10 + width * value / top;
    body += line(x, y, x, 130, "rule");
    const bool left = x > kPlotWidth - 80;
    body += text_at(left ? x - 3 : x + 3, y + 4, fmt::format("{} {:.2f}", name, value),
                    left ? "end" : "start");
    y += 13;
  }
  return svg(kPlotWidth, kHeight, "distribution of latency in milliseconds", body);
}

std::string calibration_plot(const std::optional<Calibration>& calibration) {
  if (!calibration) return "";
  constexpr double kSide = 200;
  constexpr double kLeft = 60;
  std::size_t most = 1;
  for (const CalibrationBin& bin : calibration->bins) most = std::max(most, bin.tokens);
  std::string body = line(kLeft, 10 + kSide, kLeft + kSide, 10, "rule");
  body += line(kLeft, 10 + kSide, kLeft + kSide, 10 + kSide, "axis");
  body += line(kLeft, 10, kLeft, 10 + kSide, "axis");
  for (const CalibrationBin& bin : calibration->bins) {
    if (bin.tokens == 0) continue;
    const std::string title = fmt::format("confidence {:.2f}, correct {:.2f}, {} tokens",
                                          bin.confidence, bin.accuracy, bin.tokens);
    body += box(kLeft + kSide * bin.low + 1, 10 + kSide * (1 - bin.accuracy), kSide / 10 - 2,
                kSide * bin.accuracy, "ghost", title);
    const double radius =
        2.5 + 4.5 * std::sqrt(static_cast<double>(bin.tokens) / static_cast<double>(most));
    body += fmt::format(
        "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\" class=\"bar\">"
        "<title>{}</title></circle>",
        kLeft + kSide * bin.confidence, 10 + kSide * (1 - bin.accuracy), radius, escape(title));
  }
  for (const double tick : {0.0, 0.5, 1.0}) {
    body += text_at(kLeft + kSide * tick, 26 + kSide, fmt::format("{:g}", tick), "middle", "soft");
    body += text_at(kLeft - 6, 14 + kSide * (1 - tick), fmt::format("{:g}", tick), "end", "soft");
  }
  body += text_at(kLeft + kSide / 2, 42 + kSide, "confidence of a token", "middle");
  body += text_at(kLeft + kSide + 10, 22, "share", "start", "soft");
  body += text_at(kLeft + kSide + 10, 36, "correct", "start", "soft");
  return svg(kPlotWidth, kSide + 50, "calibration of token confidences", body);
}

std::string confusion_plot(const std::vector<Confusion>& confusions) {
  std::map<std::string, std::int64_t> totals;
  std::map<std::pair<std::string, std::string>, std::int64_t> counts;
  for (const Confusion& entry : confusions) {
    counts[{entry.reference, entry.hypothesis}] = entry.count;
    if (!entry.reference.empty()) totals[entry.reference] += entry.count;
  }
  std::vector<std::string> symbols;
  for (const auto& entry : totals) symbols.push_back(entry.first);
  std::stable_sort(symbols.begin(), symbols.end(),
                   [&](const auto& a, const auto& b) { return totals[a] > totals[b]; });
  symbols.resize(std::min<std::size_t>(symbols.size(), 26));
  std::sort(symbols.begin(), symbols.end());
  if (symbols.size() < 2) return "";
  const double cell = std::min(22.0, (kPlotWidth - 60) / static_cast<double>(symbols.size() + 1));
  const auto name = [](const std::string& s) { return s.empty() ? "∅" : s == " " ? "␣" : s; };
  std::string body;
  std::vector<std::string> columns = symbols;
  columns.emplace_back();
  for (std::size_t j = 0; j < columns.size(); ++j) {
    const double x = 34 + cell * (static_cast<double>(j) + 0.5);
    body += text_at(x, 24, name(columns[j]), "middle", "soft");
    for (std::size_t i = 0; i < symbols.size(); ++i) {
      const auto at = counts.find({symbols[i], columns[j]});
      if (at == counts.end()) continue;
      const double share =
          static_cast<double>(at->second) / static_cast<double>(totals[symbols[i]]);
      const bool hit = symbols[i] == columns[j];
      body += box(34 + cell * static_cast<double>(j), 30 + cell * static_cast<double>(i), cell - 1,
                  cell - 1, hit ? "bar" : "mark",
                  fmt::format("'{}' read as '{}': {} ({:.1f} %)", symbols[i], name(columns[j]),
                              at->second, 100 * share),
                  fmt::format("fill-opacity:{:.3f}", 0.08 + 0.92 * std::sqrt(share)));
    }
  }
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    body += text_at(28, 30 + cell * (static_cast<double>(i) + 0.5) + 4, name(symbols[i]), "end",
                    "soft");
  }
  body += text_at(34, 10, "decoded as (∅: left out)", "start", "soft");
  return svg(kPlotWidth, 34 + cell * static_cast<double>(symbols.size()), "confusion of characters",
             body);
}

}  // namespace nest::eval::report
