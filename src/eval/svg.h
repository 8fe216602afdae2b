#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// Marks of an inline SVG picture as text.
namespace nest::eval::report {

/// Text for HTML and attributes.
std::string escape(std::string_view text);

/// Width of a plot in user units; equal to a phone's width, so that text keeps its size there.
inline constexpr double kPlotWidth = 360;

std::string svg(double width, double height, std::string_view label, std::string_view body,
                const char* css_class = "");
std::string text_at(double x, double y, std::string_view text, const char* anchor = "start",
                    const char* css_class = "");
std::string line(double x1, double y1, double x2, double y2, const char* css_class);
std::string box(double x, double y, double width, double height, const char* css_class,
                std::string_view title = "", std::string_view style = "");

/// At most `limit` code points, the last one an ellipsis if some were cut.
std::string shortened(const std::string& text, std::size_t limit);
/// 1, 2 or 5 times a power of ten, about a quarter of the range.
double tick_step(double range);

}  // namespace nest::eval::report
