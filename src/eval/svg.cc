#include "eval/svg.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "nest/text/unicode.h"

namespace nest::eval::report {

std::string escape(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string svg(double width, double height, std::string_view label, std::string_view body,
                const char* css_class) {
  return fmt::format(
      "<svg class=\"{}\" viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{}\">{}</svg>",
      css_class, width, height, escape(label), body);
}

std::string text_at(double x, double y, std::string_view text, const char* anchor,
                    const char* css_class) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" class=\"{}\">{}</text>", x,
                     y, anchor, css_class, escape(text));
}

std::string line(double x1, double y1, double x2, double y2, const char* css_class) {
  return fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" class=\"{}\"/>",
                     x1, y1, x2, y2, css_class);
}

std::string box(double x, double y, double width, double height, const char* css_class,
                std::string_view title, std::string_view style) {
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

double tick_step(double range) {
  const double raw = std::max(range, 1e-9) / 4;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= raw) return factor * power;
  }
  return 10 * power;
}

}  // namespace nest::eval::report
