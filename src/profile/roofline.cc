#include "nest/profile/roofline.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "nest/core/error.h"
#include "nest/core/json.h"

namespace nest::profile {
namespace {

constexpr double kLeft = 76, kTop = 48, kWidth = 640, kHeight = 400;

struct Point {
  const LayerTime* layer = nullptr;
  double intensity = 0;  ///< MACs a byte
  double gmacs = 0;
};

/// Logarithmic axes around all that is shown.
struct Axes {
  double left = 1, right = 1, bottom = 1, top = 1;

  double x(double intensity) const {
    return kLeft + kWidth * std::log10(intensity / left) / std::log10(right / left);
  }
  double y(double gmacs) const {
    return kTop + kHeight * (1 - std::log10(gmacs / bottom) / std::log10(top / bottom));
  }
};

double below(double value) {
  return std::pow(10, std::floor(std::log10(value)));
}
double above(double value) {
  return std::pow(10, std::ceil(std::log10(value)));
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '<') {
      out += "&lt;";
    } else if (c == '&') {
      out += "&amp;";
    } else if (c == '"') {
      out += "&quot;";
    } else {
      out += c;
    }
  }
  return out;
}

std::string label(double x, double y, std::string_view anchor, const std::string& text) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y, anchor,
                     escaped(text));
}

std::string line(double x1, double y1, double x2, double y2, std::string_view style) {
  return fmt::format(
      "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" class=\"{}\"/>\n", x1, y1, x2,
      y2, style);
}

/// A slope of one, cut to the frame.
std::string reading_roof(const Axes& axes, double gb_s, double mb) {
  const double from = std::max(axes.left, axes.bottom / gb_s);
  const double to = std::min(axes.right, axes.top / gb_s);
  if (from >= to) return "";
  return line(axes.x(from), axes.y(gb_s * from), axes.x(to), axes.y(gb_s * to), "read") +
         label(axes.x(from) + 4, axes.y(gb_s * from) - 6, "start",
               fmt::format("{:.0f} GB/s ({:.0f} MB)", gb_s, mb));
}

std::string grid(const Axes& axes) {
  std::string svg;
  for (double x = axes.left; x <= axes.right * 1.001; x *= 10) {
    svg += line(axes.x(x), kTop, axes.x(x), kTop + kHeight, "grid");
    svg += label(axes.x(x), kTop + kHeight + 16, "middle", fmt::format("{:g}", x));
  }
  for (double y = axes.bottom; y <= axes.top * 1.001; y *= 10) {
    svg += line(kLeft, axes.y(y), kLeft + kWidth, axes.y(y), "grid");
    svg += label(kLeft - 8, axes.y(y) + 4, "end", fmt::format("{:g}", y));
  }
  svg += label(kLeft + kWidth / 2, kTop + kHeight + 36, "middle", "MACs a byte of weights read");
  svg += fmt::format(
      "<text transform=\"translate(20 {:.0f}) rotate(-90)\" text-anchor=\"middle\">"
      "GMAC/s, one thread</text>\n",
      kTop + kHeight / 2);
  return svg;
}

std::string dot(const Axes& axes, const Point& point, double all_us) {
  const double share = all_us > 0 ? point.layer->p50_us / all_us : 0;
  return fmt::format(
      "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\" class=\"layer\"><title>{}: {}, {:.1f} us, "
      "{:.1f} GMAC/s, {:.1f} % of the time</title></circle>\n",
      axes.x(point.intensity), axes.y(point.gmacs), 3 + 14 * std::sqrt(share),
      escaped(point.layer->name), escaped(point.layer->detail), point.layer->p50_us, point.gmacs,
      100 * share);
}

/// The layers that take most of the time have their names beside them.
std::string names(const Axes& axes, std::vector<Point> points) {
  std::ranges::sort(points, std::greater{}, [](const Point& p) { return p.layer->p50_us; });
  points.resize(std::min<std::size_t>(points.size(), 5));
  std::string svg;
  for (const Point& point : points) {
    const bool is_right = axes.x(point.intensity) > kLeft + kWidth * 0.7;
    svg += label(axes.x(point.intensity) + (is_right ? -12 : 12), axes.y(point.gmacs) + 4,
                 is_right ? "end" : "start", point.layer->name);
  }
  return svg;
}

constexpr std::string_view kStyle =
    "<style>text{font:12px sans-serif;fill:#333}.grid{stroke:#ddd}.read{stroke:#888;"
    "stroke-dasharray:4 3}.peak{stroke:#b33;stroke-width:1.5}.layer{fill:#2a6fb0;fill-opacity:.6;"
    "stroke:#17436b}svg{background:#fff}</style>\n";

}  // namespace

std::string roofline_svg(const std::vector<LayerTime>& layers, const Json& peaks,
                         const std::string& title) {
  std::vector<Point> points;
  double all_us = 0;
  for (const LayerTime& layer : layers) {
    all_us += layer.p50_us;
    if (layer.executed_macs <= 0 || layer.weight_bytes <= 0 || layer.p50_us <= 0) continue;
    points.push_back({&layer, layer.executed_macs / layer.weight_bytes,
                      layer.executed_macs / layer.p50_us * 1e-3});
  }
  require(!points.empty(), ErrorCode::kInvalidArgument,
          "no layer has MACs and weights: there is nothing to draw");
  const std::vector<std::pair<std::string, double>> roofs{
      {"fp32", peaks.at("f32_gmacs").get<double>()},
      {"bf16", peaks.at("bf16_gmacs").get<double>()},
      {"int8", peaks.at("s8_gmacs").get<double>()}};
  Axes axes;
  axes.left = below(std::ranges::min_element(points, {}, &Point::intensity)->intensity);
  axes.right = above(10 * std::ranges::max_element(points, {}, &Point::intensity)->intensity);
  axes.bottom = below(std::ranges::min_element(points, {}, &Point::gmacs)->gmacs);
  for (const auto& [name, peak] : roofs) axes.top = std::max(axes.top, above(peak * 1.01));
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" "
      "height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} {1:.0f}\">\n",
      kLeft + kWidth + 90, kTop + kHeight + 52);
  svg += std::string(kStyle) + label(kLeft, 24, "start", title) + grid(axes);
  for (const auto& [name, peak] : roofs) {
    if (peak <= 0) continue;
    svg += line(kLeft, axes.y(peak), kLeft + kWidth, axes.y(peak), "peak");
    svg +=
        label(kLeft + kWidth + 4, axes.y(peak) + 4, "start", fmt::format("{} {:.0f}", name, peak));
  }
  for (const Json& reading : peaks.at("weight_reading_gb_s"))
    svg += reading_roof(axes, reading.at("gb_s").get<double>(), reading.at("mb").get<double>());
  for (const Point& point : points) svg += dot(axes, point, all_us);
  return svg + names(axes, points) + "</svg>\n";
}

}  // namespace nest::profile
