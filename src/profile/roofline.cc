#include "nest/profile/roofline.h"

#include <algorithm>
#include <cmath>
#include <span>

#include <fmt/format.h>

#include "label_placement.h"
#include "nest/core/error.h"
#include "nest/core/json.h"

namespace nest::profile {
namespace {

using Place = LabelPlacement::Place;

constexpr double kLeft = 76, kTop = 48, kWidth = 640, kHeight = 400, kMargin = 90;
constexpr double kFarAway = 34;  ///< of a name from its dot
constexpr std::size_t kNames = 6;

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

std::string label(LabelPlacement& placement, std::span<const Place> places,
                  const std::string& text) {
  const Place at = placement.place(places, text);
  return label(at.x, at.y, at.anchor, text);
}

std::string line(double x1, double y1, double x2, double y2, std::string_view style) {
  return fmt::format(
      "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" class=\"{}\"/>\n", x1, y1, x2,
      y2, style);
}

/// A slope of one, cut to the frame; its name beside it, as low as there is room.
std::string reading_roof(const Axes& axes, double gb_s, double mb, LabelPlacement& placement) {
  const double from = std::max(axes.left, axes.bottom / gb_s);
  const double to = std::min(axes.right, axes.top / gb_s);
  if (from >= to) return "";
  const double x = axes.x(from), y = axes.y(gb_s * from);
  const double right = axes.x(to) - x, up = axes.y(gb_s * to) - y;
  std::vector<Place> places;
  for (double along = 0; along < 0.9; along += 0.02)
    places.push_back({x + along * right + 6, y + along * up - 4, "start"});
  return line(x, y, axes.x(to), axes.y(gb_s * to), "read") +
         label(placement, places, fmt::format("{:.0f} GB/s ({:.0f} MB)", gb_s, mb));
}

std::string peak_roof(const Axes& axes, const std::string& name, double peak,
                      LabelPlacement& placement) {
  std::vector<Place> places;
  for (const double shift : {4, -10, 18, -24, 32})
    places.push_back({kLeft + kWidth + 4, axes.y(peak) + shift, "start"});
  return line(kLeft, axes.y(peak), kLeft + kWidth, axes.y(peak), "peak") +
         label(placement, places, fmt::format("{} {:.0f}", name, peak));
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

std::string dot(const Axes& axes, const Point& point, double all_us, LabelPlacement& placement) {
  const double share = all_us > 0 ? point.layer->p50_us / all_us : 0;
  const double x = axes.x(point.intensity), y = axes.y(point.gmacs), r = 3 + 14 * std::sqrt(share);
  placement.take({x - r, y - r, x + r, y + r});
  return fmt::format(
      "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\" class=\"layer\"><title>{}: {}, {:.1f} us, "
      "{:.1f} GMAC/s, {:.1f} % of the time</title></circle>\n",
      x, y, r, escaped(point.layer->name), escaped(point.layer->detail), point.layer->p50_us,
      point.gmacs, 100 * share);
}

/// Around a point, nearest first: right, left, above, below, and slanting.
std::vector<Place> around(double x, double y) {
  std::vector<Place> places;
  for (double r = 8; r < 200; r += 7) {
    places.insert(places.end(), {{x + r, y + 4, "start"},
                                 {x - r, y + 4, "end"},
                                 {x, y - r, "middle"},
                                 {x, y + r + 8, "middle"},
                                 {x + r, y - r, "start"},
                                 {x + r, y + r + 8, "start"},
                                 {x - r, y - r, "end"},
                                 {x - r, y + r + 8, "end"}});
  }
  return places;
}

/// The layers that take most of the time have their names beside them, equal ones of a stack one
/// name; a thin line leads to a name that had to stand farther away.
std::string names(const Axes& axes, std::vector<Point> points, LabelPlacement& placement) {
  std::ranges::sort(points, std::greater{}, [](const Point& p) { return p.layer->p50_us; });
  points.resize(std::min(points.size(), kNames));
  std::string svg;
  for (const Point& point : points) {
    const double x = axes.x(point.intensity), y = axes.y(point.gmacs);
    const Place at = placement.place(around(x, y), point.layer->name);
    if (std::hypot(at.x - x, at.y - 4 - y) > kFarAway) svg += line(x, y, at.x, at.y - 4, "lead");
    svg += label(at.x, at.y, at.anchor, point.layer->name);
  }
  return svg;
}

/// Layers that have a rate and weights.
std::vector<Point> points_of(const std::vector<LayerTime>& layers) {
  std::vector<Point> points;
  for (const LayerTime& layer : layers) {
    if (layer.executed_macs <= 0 || layer.weight_bytes <= 0 || layer.p50_us <= 0) continue;
    points.push_back({&layer, layer.executed_macs / layer.weight_bytes,
                      layer.executed_macs / layer.p50_us * 1e-3});
  }
  return points;
}

Axes axes_around(const std::vector<Point>& points, double highest_peak) {
  Axes axes;
  axes.left = below(std::ranges::min_element(points, {}, &Point::intensity)->intensity);
  axes.right = above(10 * std::ranges::max_element(points, {}, &Point::intensity)->intensity);
  axes.bottom = below(std::ranges::min_element(points, {}, &Point::gmacs)->gmacs);
  axes.top = std::max(axes.top, above(highest_peak * 1.01));
  return axes;
}

constexpr std::string_view kStyle =
    "<style>text{font:12px sans-serif;fill:#333;paint-order:stroke;stroke:#fff;stroke-width:3px}"
    ".lead{stroke:#17436b;stroke-width:.7}.grid{stroke:#ddd}.read{stroke:#888;"
    "stroke-dasharray:4 3}.peak{stroke:#b33;stroke-width:1.5}.layer{fill:#2a6fb0;fill-opacity:.6;"
    "stroke:#17436b}svg{background:#fff}</style>\n";

}  // namespace

std::string roofline_svg(const std::vector<LayerTime>& layers, const Json& peaks,
                         const std::string& title) {
  const std::vector<Point> points = points_of(layers);
  require(
      !points.empty(), ErrorCode::kInvalidArgument,
      "no timed layer has MACs and weights, so there is nothing to draw; layers are timed without "
      "no_timing, and MACs that were carried out are told by the native runtime alone");
  double all_us = 0;
  for (const LayerTime& layer : layers) all_us += layer.p50_us;
  const std::vector<std::pair<std::string, double>> roofs{
      {"fp32", peaks.at("f32_gmacs").get<double>()},
      {"bf16", peaks.at("bf16_gmacs").get<double>()},
      {"int8", peaks.at("s8_gmacs").get<double>()}};
  const Axes axes = axes_around(points, std::ranges::max_element(roofs, {}, [](const auto& roof) {
                                          return roof.second;
                                        })->second);
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" "
      "height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} {1:.0f}\">\n",
      kLeft + kWidth + kMargin, kTop + kHeight + 52);
  svg += std::string(kStyle) + label(kLeft, 24, "start", title) + grid(axes);
  LabelPlacement margin({kLeft + kWidth, 0, kLeft + kWidth + kMargin, kTop + kHeight});
  for (const auto& [name, peak] : roofs) {
    if (peak > 0) svg += peak_roof(axes, name, peak, margin);
  }
  LabelPlacement placement({kLeft, kTop, kLeft + kWidth, kTop + kHeight});
  for (const Point& point : points) svg += dot(axes, point, all_us, placement);
  for (const Json& reading : peaks.at("weight_reading_gb_s"))
    svg += reading_roof(axes, reading.at("gb_s").get<double>(), reading.at("mb").get<double>(),
                        placement);
  const std::vector<LayerTime> stacks = grouped(layers);
  return svg + names(axes, points_of(stacks), placement) + "</svg>\n";
}

}  // namespace nest::profile
