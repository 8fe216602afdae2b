#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "eval/report_parts.h"
#include "nest/text/unicode.h"

namespace nest::eval::report {
namespace {

std::string svg(double width, double height, const std::string& label, const std::string& body,
                const char* css_class = "") {
  return fmt::format(
      "<svg class=\"{}\" viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{}\">{}</svg>",
      css_class, width, height, escape(label), body);
}

std::string text_at(double x, double y, std::string_view text, const char* anchor = "start",
                    const char* css_class = "") {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" class=\"{}\">{}</text>", x,
                     y, anchor, css_class, escape(text));
}

std::string line(double x1, double y1, double x2, double y2, const char* css_class) {
  return fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" class=\"{}\"/>",
                     x1, y1, x2, y2, css_class);
}

std::string box(double x, double y, double width, double height, const char* css_class,
                const std::string& title = "", const std::string& style = "") {
  return fmt::format(
      "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
      "class=\"{}\" style=\"{}\"><title>{}</title></rect>",
      x, y, std::max(width, 0.0), std::max(height, 0.0), css_class, style, escape(title));
}

std::string shortened(const std::string& text, std::size_t limit) {
  const std::u32string points = text::decode_utf8(text);
  if (points.size() <= limit) return text;
  return text::encode_utf8(std::u32string_view(points).substr(0, limit - 1)) + "…";
}

/// 1, 2 or 5 times a power of ten, about a quarter of the range.
double tick_step(double range) {
  const double raw = std::max(range, 1e-9) / 4;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= raw) return factor * power;
  }
  return 10 * power;
}

struct Row {
  std::string name;
  double value;
  Json low;
  Json high;
};

/// Horizontal bars with whiskers; values in percent.
std::string bars(const std::vector<Row>& rows, const std::string& label) {
  constexpr double kLeft = 122;
  constexpr double kRow = 20;
  double top = 1;
  for (const Row& row : rows) {
    top = std::max({top, row.value, row.high.is_null() ? 0.0 : row.high.get<double>()});
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
    if (!row.low.is_null() && !row.high.is_null()) {
      const double middle = y + (kRow - 7) / 2;
      body += line(x_of(row.low.get<double>()), middle, x_of(row.high.get<double>()), middle,
                   "whisker");
    }
    const double end = std::max(row.value, row.high.is_null() ? 0.0 : row.high.get<double>());
    body += text_at(x_of(end) + 5, y + 11, fmt::format("{:.1f}", row.value));
  }
  return svg(kPlotWidth, height, label, body);
}

Json times100(const Json& value) {
  return value.is_null() ? value : Json(100 * value.get<double>());
}

}  // namespace

std::string subject_plot(const Json& subjects) {
  std::vector<Row> rows;
  for (const Json& subject : subjects) {
    if (subject.at("cer").is_null() || rows.size() >= 40) continue;
    const auto name = subject.at("name").get<std::string>();
    rows.push_back({name.empty() ? "(none)" : name, 100 * subject.at("cer").get<double>(),
                    times100(subject.at("cer_low")), times100(subject.at("cer_high"))});
  }
  return rows.empty() ? "" : bars(rows, "character error rate by subject in percent");
}

std::string control_plot(const Json& audit) {
  if (!audit.is_object()) return "";
  std::vector<Row> rows;
  for (const std::size_t check : {1u, 2u}) {
    for (const Json& control : audit.at("checks").at(check).at("controls")) {
      const Json& cer = control.at("cer");
      if (cer.at("a").is_null() || cer.at("b").is_null()) continue;
      const double eeg = 100 * cer.at("a").get<double>();
      if (rows.empty()) rows.push_back({"EEG", eeg, nullptr, nullptr});
      const Json& delta = cer.at("delta");
      std::string name = control.at("name").get<std::string>();
      std::replace(name.begin(), name.end(), '_', ' ');
      const auto shift = [&](const char* key) {
        return delta.at(key).is_null() ? Json(nullptr)
                                       : Json(eeg + 100 * delta.at(key).get<double>());
      };
      rows.push_back({name, 100 * cer.at("b").get<double>(), shift("low"), shift("high")});
    }
  }
  return rows.empty() ? "" : bars(rows, "character error rate of EEG and controls in percent");
}

std::string latency_plot(const Json& utterances, const Json& latency) {
  if (latency.at("total_ms").is_null() || utterances.size() < 2) return "";
  std::vector<double> values;
  for (const Json& u : utterances) {
    values.push_back(u.at("encode_ms").get<double>() + u.at("decode_ms").get<double>());
  }
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
  for (const char* name : {"p50", "p95", "p99"}) {
    const double value = latency.at("total_ms").at(name).get<double>();
    const double x = 10 + width * value / top;
    body += line(x, y, x, 130, "rule");
    const bool left = x > kPlotWidth - 80;
    body += text_at(left ? x - 3 : x + 3, y + 4, fmt::format("{} {:.2f}", name, value),
                    left ? "end" : "start");
    y += 13;
  }
  return svg(kPlotWidth, kHeight, "distribution of latency in milliseconds", body);
}

std::string calibration_plot(const Json& calibration) {
  if (calibration.is_null()) return "";
  constexpr double kSide = 200;
  constexpr double kLeft = 60;
  std::size_t most = 1;
  for (const Json& bin : calibration.at("bins")) {
    most = std::max(most, bin.at("count").get<std::size_t>());
  }
  std::string body = line(kLeft, 10 + kSide, kLeft + kSide, 10, "rule");
  body += line(kLeft, 10 + kSide, kLeft + kSide, 10 + kSide, "axis");
  body += line(kLeft, 10, kLeft, 10 + kSide, "axis");
  for (const Json& bin : calibration.at("bins")) {
    const auto count = bin.at("count").get<std::size_t>();
    if (count == 0) continue;
    const double accuracy = bin.at("accuracy").get<double>();
    const double confidence = bin.at("confidence").get<double>();
    const double x = kLeft + kSide * bin.at("low").get<double>();
    const std::string title =
        fmt::format("confidence {:.2f}, correct {:.2f}, {} tokens", confidence, accuracy, count);
    body +=
        box(x + 1, 10 + kSide * (1 - accuracy), kSide / 10 - 2, kSide * accuracy, "ghost", title);
    const double radius =
        2.5 + 4.5 * std::sqrt(static_cast<double>(count) / static_cast<double>(most));
    body += fmt::format(
        "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\" class=\"bar\">"
        "<title>{}</title></circle>",
        kLeft + kSide * confidence, 10 + kSide * (1 - accuracy), radius, escape(title));
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

std::string confusion_plot(const Json& confusions) {
  std::map<std::string, std::int64_t> totals;
  std::map<std::pair<std::string, std::string>, std::int64_t> counts;
  for (const Json& entry : confusions.at("matrix")) {
    const auto from = entry.at(0).get<std::string>();
    const auto to = entry.at(1).get<std::string>();
    const auto count = entry.at(2).get<std::int64_t>();
    counts[{from, to}] = count;
    totals[from] += from.empty() ? 0 : count;
  }
  totals.erase("");
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

std::string eeg_plot(const ReportSignal& signal, const Json& utterance) {
  if (signal.signal.rank() != 2 || signal.signal.dim(1) < 2) return "";
  constexpr double kWidth = 760;
  constexpr double kLeft = 50;
  constexpr std::size_t kMaxChannels = 16;
  const auto samples = static_cast<std::size_t>(signal.signal.dim(1));
  const auto all = static_cast<std::size_t>(signal.signal.dim(0));
  const std::size_t shown = std::min(all, kMaxChannels);
  const double row = shown > 8 ? 20 : 28;
  const double height = row * static_cast<double>(shown) + 52;
  const double width = kWidth - kLeft - 8;
  const double seconds = signal.rate_hz > 0 ? static_cast<double>(samples) / signal.rate_hz : 0;
  const auto values = signal.signal.data<float>();
  std::string body;
  if (seconds > 0) {
    for (const Json& token : utterance.at("tokens")) {
      const double start = token.at("start_s").get<double>();
      const double end = std::max(token.at("end_s").get<double>(), start);
      if (end <= 0) continue;  // the model does not know its frame rate
      const double x = kLeft + width * std::min(start / seconds, 1.0);
      const double w = std::max(3.0, width * std::min((end - start) / seconds, 1.0));
      body += box(x, 20, w, height - 40, "token",
                  fmt::format("{} {:.2f} to {:.2f} s, confidence {:.2f}",
                              token.at("text").get<std::string>(), start, end,
                              token.at("confidence").get<double>()));
      body += text_at(x + w / 2, 14, shortened(token.at("text").get<std::string>(), 8), "middle");
    }
    for (double tick = 0; tick <= seconds; tick += tick_step(seconds)) {
      body += text_at(kLeft + width * tick / seconds, height - 6, fmt::format("{:g} s", tick),
                      "middle", "soft");
    }
  }
  for (std::size_t k = 0; k < shown; ++k) {
    const std::size_t channel = k * all / shown;
    const auto x = values.subspan(channel * samples, samples);
    double mean = 0;
    double peak = 1e-30;
    for (const float v : x) mean += static_cast<double>(v) / static_cast<double>(samples);
    for (const float v : x) peak = std::max(peak, std::abs(static_cast<double>(v) - mean));
    const double base = 20 + row * (static_cast<double>(k) + 0.5);
    const std::size_t points = std::min<std::size_t>(samples, 900);
    std::string path;
    for (std::size_t p = 0; p < points; ++p) {
      const std::size_t i = p * samples / points;
      path += fmt::format("{}{:.1f},{:.1f}", p == 0 ? "M" : " ",
                          kLeft + width * static_cast<double>(i) / static_cast<double>(samples),
                          base - 0.48 * row * (static_cast<double>(x[i]) - mean) / peak);
    }
    body += fmt::format("<path d=\"{}\" class=\"trace\"/>", path);
    const std::string name =
        channel < signal.channels.size() ? signal.channels[channel] : std::to_string(channel);
    body += text_at(kLeft - 6, base + 4, shortened(name, 7), "end", "soft");
  }
  return "<div class=\"scroll\">" + svg(kWidth, height, "EEG with token times", body, "wide") +
         "</div>";
}

}  // namespace nest::eval::report
