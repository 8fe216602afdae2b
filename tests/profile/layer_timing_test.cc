#include "nest/profile/layer_timing.h"

#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "small_model.h"

namespace nest::profile {
namespace {

TEST(LayerTiming, every_step_has_a_time_and_products_their_macs) {
  const Work work = make_work(small_model(), {.graph = "decoder_step", .length = 5, .steps = 3});
  const auto layers = LayerTimingProfiler(runtime::prepare(small_model()), work).run(3);
  double macs = 0;
  for (const LayerTime& layer : layers) macs += layer.executed_macs;
  ASSERT_FALSE(layers.empty());
  // The memory's projection once; a token: the query's, attention, an LSTM of two layers, output.
  const double lstm = 48.0 * (6 + 24 + 12) + 48 * (12 + 12);
  const double token = 12 * 12 + 5 * (12 + 24) + lstm + (12 + 24) * 11;
  EXPECT_DOUBLE_EQ(macs, 5 * 24 * 12 + 3 * token);
}

TEST(LayerTiming, equal_layers_of_a_stack_add_up) {
  const std::vector<LayerTime> layers{{"a.layers.0.linear", "x", 1, 10, 100},
                                      {"a.norm", "y", 2, 0, 0},
                                      {"a.layers.1.linear", "z", 9, 0, 0},
                                      {"a.layers.12.linear", "x", 3, 20, 200}};
  const auto groups = grouped(layers);
  ASSERT_EQ(groups.size(), 3u);
  EXPECT_EQ(groups[0].name, "a.layers.*.linear");
  EXPECT_DOUBLE_EQ(groups[0].p50_us, 4);
  EXPECT_DOUBLE_EQ(groups[0].weight_bytes, 300);
}

}  // namespace
}  // namespace nest::profile
