#include "label_placement.h"

#include <algorithm>

#include "nest/core/error.h"

namespace nest::profile {
namespace {

using Box = LabelPlacement::Box;

constexpr double kGlyph = 6.7, kAscent = 11, kDescent = 3;

double area(const Box& box) {
  return std::max(0.0, box.right - box.left) * std::max(0.0, box.bottom - box.top);
}

double shared(const Box& a, const Box& b) {
  return area({std::max(a.left, b.left), std::max(a.top, b.top), std::min(a.right, b.right),
               std::min(a.bottom, b.bottom)});
}

}  // namespace

Box LabelPlacement::box_of(const Place& place, std::string_view text) {
  const double width = kGlyph * static_cast<double>(text.size());
  const double before = place.anchor == "start" ? 0 : place.anchor == "end" ? 1 : 0.5;
  const double left = place.x - before * width;
  return {left, place.y - kAscent, left + width, place.y + kDescent};
}

double LabelPlacement::cost(const Box& box) const {
  double sum = area(box) - shared(box, frame_);
  for (const Box& other : taken_) sum += shared(box, other);
  return sum;
}

LabelPlacement::Place LabelPlacement::place(std::span<const Place> places, std::string_view text) {
  require(!places.empty(), ErrorCode::kInvalidArgument, "'{}' has no place to stand", text);
  const Place best = *std::ranges::min_element(
      places, {}, [&](const Place& place) { return cost(box_of(place, text)); });
  take(box_of(best, text));
  return best;
}

}  // namespace nest::profile
