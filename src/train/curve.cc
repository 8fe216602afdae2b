#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "nest/core/json.h"
#include "nest/train/trainer.h"

namespace nest::train {
namespace {

constexpr double kLeft = 60;
constexpr double kTop = 20;
constexpr double kWidth = 560;
constexpr double kHeight = 280;

struct Series {
  std::string key;
  std::string color;
  std::vector<std::pair<double, double>> points;  // epoch, value
};

Series read_series(const Json& history, std::string key, std::string color) {
  Series series{std::move(key), std::move(color), {}};
  for (const Json& epoch : history) {
    if (!epoch.contains(series.key) || !epoch.at(series.key).is_number()) continue;
    const double value = epoch.at(series.key).get<double>();
    if (std::isfinite(value)) series.points.emplace_back(epoch.at("epoch").get<double>(), value);
  }
  return series;
}

std::string title_of(const std::string& key) {
  if (key == "train_loss") return "training loss";
  if (key == "loss") return "validation loss";
  return key == "wer" ? "WER" : "CER";
}

double largest(const std::vector<Series>& all) {
  double top = 0;
  for (const Series& series : all) {
    for (const auto& [x, y] : series.points) top = std::max(top, y);
  }
  return top > 0 ? top : 1;
}

std::string polyline(const Series& series, double last_epoch, double top) {
  std::string points;
  for (const auto& [x, y] : series.points) {
    points += fmt::format("{:.1f},{:.1f} ", kLeft + kWidth * x / last_epoch,
                          kTop + kHeight * (1 - y / top));
  }
  return fmt::format("<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"2\" points=\"{}\"/>\n",
                     series.color, points);
}

std::string label(double x, double y, const std::string& anchor, const std::string& color,
                  const std::string& text) {
  return fmt::format("<text x=\"{:.0f}\" y=\"{:.0f}\" text-anchor=\"{}\" fill=\"{}\">{}</text>\n",
                     x, y, anchor, color, text);
}

/// Numbers from 0 to `top`, times `factor`.
std::string axis(double x, const std::string& anchor, double top, double factor) {
  std::string text;
  for (int i = 0; i <= 4; ++i) {
    text += label(x, kTop + kHeight * (1 - i / 4.0) + 4, anchor, "#555",
                  fmt::format("{:.3g}", factor * top * i / 4));
  }
  return text;
}

/// Text that runs upwards, its middle at (x, middle of the frame).
std::string vertical_title(double x, const std::string& text) {
  const double y = kTop + kHeight / 2;
  return fmt::format(
      "<text x=\"{0:.0f}\" y=\"{1:.0f}\" text-anchor=\"middle\" fill=\"#555\" "
      "transform=\"rotate(-90 {0:.0f} {1:.0f})\">{2}</text>\n",
      x, y, text);
}

/// Numbers and titles of the axes; the right one only where there is a rate.
std::string axes(const std::vector<Series>& losses, const std::vector<Series>& rates,
                 std::size_t epochs) {
  std::string svg = axis(kLeft - 6, "end", largest(losses), 1);
  svg += vertical_title(14, "loss, nats a token");
  const bool has_rates =
      std::ranges::any_of(rates, [](const auto& s) { return !s.points.empty(); });
  if (has_rates) {
    svg += axis(kLeft + kWidth + 6, "start", largest(rates), 100);
    svg += vertical_title(kLeft + kWidth + 50, "error rate, %");
  }
  const double y = kTop + kHeight + 18;
  svg += label(kLeft, y, "start", "#555", "0") +
         label(kLeft + kWidth, y, "end", "#555", fmt::format("{}", epochs));
  return svg + label(kLeft + kWidth / 2, y, "middle", "#555", "epoch");
}

}  // namespace

std::string curve_svg(const Json& history) {
  const std::vector<Series> losses{read_series(history, "train_loss", "#1f77b4"),
                                   read_series(history, "loss", "#ff7f0e")};
  const std::vector<Series> rates{read_series(history, "wer", "#2ca02c"),
                                  read_series(history, "cer", "#d62728")};
  const double last = std::max<double>(1, static_cast<double>(history.size()));
  std::string svg =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"690\" height=\"360\" "
      "font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"690\" height=\"360\" "
      "fill=\"white\"/>\n";
  svg += fmt::format(
      "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" stroke=\"#999\"/>\n", kLeft,
      kTop, kWidth, kHeight);
  svg += axes(losses, rates, history.size());
  double x = kLeft;
  for (const auto* group : {&losses, &rates}) {
    for (const Series& series : *group) {
      if (series.points.empty()) continue;
      svg += polyline(series, last, largest(*group));
      svg += label(x, kTop + kHeight + 40, "start", series.color, title_of(series.key));
      x += 140;
    }
  }
  return svg + "</svg>\n";
}

}  // namespace nest::train
