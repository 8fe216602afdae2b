#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nest::profile {

/// Puts the texts of a picture where none covers another: each takes the first of its places that
/// is free, or the one that covers least.
class LabelPlacement {
 public:
  struct Box {
    double left = 0, top = 0, right = 0, bottom = 0;
  };
  /// A text's anchor ("start", "middle" or "end") on its base line.
  struct Place {
    double x = 0, y = 0;
    std::string_view anchor = "start";
  };

  /// Texts stay within the frame if they can.
  explicit LabelPlacement(const Box& frame) : frame_(frame) {}

  /// Keeps texts away from there.
  void take(const Box& box) { taken_.push_back(box); }
  /// Errors: InvalidArgument without a place.
  Place place(std::span<const Place> places, std::string_view text);

  /// What a text of 12 pixels covers, as wide as common sans-serif fonts are.
  static Box box_of(const Place& place, std::string_view text);

 private:
  /// Square pixels that are covered already, or outside.
  double cost(const Box& box) const;

  Box frame_;
  std::vector<Box> taken_;
};

}  // namespace nest::profile
