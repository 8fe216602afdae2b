#include "nest/profile/roofline.h"

#include <regex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "profile/label_placement.h"

namespace nest::profile {
namespace {

using testing::HasSubstr;

Json peaks(double gb_s) {
  return {
      {"f32_gmacs", 70.0},
      {"bf16_gmacs", 71.0},
      {"s8_gmacs", 300.0},
      {"weight_reading_gb_s",
       {{{"mb", 1}, {"gb_s", 100.0}}, {{"mb", 4}, {"gb_s", gb_s}}, {{"mb", 16}, {"gb_s", 21.0}}}}};
}

LayerTime layer(const std::string& name, double us, double macs) {
  LayerTime made{name, "linear", us};
  made.executed_macs = macs;
  made.weight_bytes = 1e6;
  return made;
}

/// Layers that lie on one another.
std::vector<LayerTime> crowd() {
  std::vector<LayerTime> layers;
  for (int i = 0; i < 6; ++i) {
    layers.push_back(layer("blocks.0.feed_forward" + std::string(1, static_cast<char>('a' + i)),
                           50.0 + i, 1.4e6));
    layers.push_back(layer("blocks." + std::to_string(i) + ".attention.output", 20.0, 1e6));
  }
  return layers;
}

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t n = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
  return n;
}

using Box = LabelPlacement::Box;

/// Where the texts that lie level stand.
std::vector<std::pair<std::string, Box>> texts(const std::string& svg) {
  static const std::regex kText(
      "<text x=\"([-0-9.]+)\" y=\"([-0-9.]+)\" text-anchor=\"(\\w+)\">([^<]*)</text>");
  std::vector<std::pair<std::string, Box>> found;
  for (auto it = std::sregex_iterator(svg.begin(), svg.end(), kText); it != std::sregex_iterator();
       ++it) {
    const std::string anchor = (*it)[3], text = (*it)[4];
    found.emplace_back(
        text, LabelPlacement::box_of({std::stod((*it)[1]), std::stod((*it)[2]), anchor}, text));
  }
  return found;
}

bool do_overlap(const Box& a, const Box& b) {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

TEST(Roofline, has_a_point_a_layer_and_a_line_a_peak) {
  const std::string svg = roofline_svg(crowd(), peaks(23), "small <model>");
  EXPECT_THAT(svg, HasSubstr("int8 300"));
  EXPECT_THAT(svg, HasSubstr("100 GB/s"));
  EXPECT_THAT(svg, HasSubstr("small &lt;model>"));
  EXPECT_EQ(count(svg, "<circle"), 12u);
  EXPECT_THROW(roofline_svg({}, peaks(23), ""), Error);
}

TEST(Roofline, no_text_covers_another) {
  for (const double gb_s : {21.0, 22.0, 40.0}) {
    const auto found = texts(roofline_svg(crowd(), peaks(gb_s), "crowd"));
    for (std::size_t i = 0; i < found.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j)
        EXPECT_FALSE(do_overlap(found[i].second, found[j].second))
            << found[i].first << " and " << found[j].first;
    }
  }
}

TEST(Roofline, names_a_stack_of_equal_layers_once) {
  const std::string svg = roofline_svg(crowd(), peaks(23), "crowd");
  EXPECT_EQ(count(svg, ">blocks.*.attention.output</text>"), 1u);
  EXPECT_EQ(count(svg, ">blocks.*.feed_forwardf</text>"), 1u);
}

TEST(LabelPlacement, takes_the_first_free_place_and_else_the_one_that_covers_least) {
  LabelPlacement placement({0, 0, 200, 100});
  const std::vector<LabelPlacement::Place> places{{10, 50}, {10, 70}};
  EXPECT_EQ(placement.place(places, "one").y, 50);
  EXPECT_EQ(placement.place(places, "two").y, 70);
  const std::vector<LabelPlacement::Place> poor{{195, 20}, {10, 62}};
  EXPECT_EQ(placement.place(poor, "long name").y, 62);
  EXPECT_THROW(placement.place({}, "none"), Error);
}

}  // namespace
}  // namespace nest::profile
