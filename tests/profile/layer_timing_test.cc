#include "nest/profile/layer_timing.h"

#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/core/rng.h"
#include "nest/graph/node_clock.h"
#include "nest/profile/statistics.h"
#include "nest/runtime/executor.h"
#include "profile/median_interval.h"
#include "small_model.h"

namespace nest::profile {
namespace {

TEST(LayerTiming, every_step_has_a_time_and_products_their_macs) {
  const Work work = make_work(small_model(), {.graph = "decoder_step", .length = 5, .steps = 3});
  const auto times = LayerTimingProfiler(runtime::prepare(small_model()), work).run({2, 3});
  const auto& layers = times.layers;
  double macs = 0;
  for (const LayerTime& layer : layers) macs += layer.executed_macs;
  ASSERT_FALSE(layers.empty());
  // The memory's projection once; a token: the query's, attention, an LSTM of two layers, output.
  const double lstm = 48.0 * (6 + 24 + 12) + 48 * (12 + 12);
  const double token = 12 * 12 + 5 * (12 + 24) + lstm + (12 + 24) * 11;
  EXPECT_DOUBLE_EQ(macs, 5 * 24 * 12 + 3 * token);
}

TEST(LayerTiming, equal_layers_of_a_stack_add_up) {
  const auto layer = [](const char* name, const char* detail, double us, double bytes) {
    LayerTime made{name, detail, us};
    made.weight_bytes = bytes;
    made.round_us = {us, 2 * us};
    return made;
  };
  const std::vector<LayerTime> layers{
      layer("a.layers.0.linear", "x", 1, 100), layer("a.norm", "y", 2, 0),
      layer("a.layers.1.linear", "z", 9, 0), layer("a.layers.12.linear", "x", 3, 200)};
  const auto groups = grouped(layers);
  ASSERT_EQ(groups.size(), 3u);
  EXPECT_EQ(groups[0].name, "a.layers.*.linear");
  EXPECT_DOUBLE_EQ(groups[0].p50_us, 4);
  EXPECT_DOUBLE_EQ(groups[0].weight_bytes, 300);
  EXPECT_EQ(groups[0].round_us, (std::vector<double>{4, 8}));
}

TEST(LayerTiming, every_layer_has_quantiles_and_a_median_a_round) {
  const Work work = make_work(small_model(), {.length = 200});
  const auto times = LayerTimingProfiler(runtime::prepare(small_model()), work).run({4, 3});
  EXPECT_EQ(times.machine_round_us.size(), 4u);
  for (const LayerTime& layer : times.layers) {
    EXPECT_LE(layer.min_us, layer.p50_us) << layer.name;
    EXPECT_LE(layer.p50_us, layer.p95_us) << layer.name;
    EXPECT_EQ(layer.round_us.size(), 4u) << layer.name;
  }
  EXPECT_EQ(times.all.round_us.size(), 4u);
}

/// Runs natively and says of its nodes what a test wants.
class Clocked final : public graph::Executor, public graph::NodeClock {
 public:
  Clocked() : native_(runtime::prepare(small_model())) {}
  const graph::Model& model() const override { return native_.model(); }
  TensorMap run(std::string_view graph, const TensorMap& inputs) override {
    times_.clear();
    if (is_timed_) times_ = {{"first", 1e-3}, {"second", 2e-3}};
    return native_.run(graph, inputs);
  }
  std::string describe() const override { return "clocked"; }
  std::int64_t weight_bytes() const override { return 0; }
  void time_nodes(bool is_timed) override { is_timed_ = is_timed; }
  const std::vector<graph::NodeTime>& node_times() const override { return times_; }

 private:
  runtime::NativeExecutor native_;
  bool is_timed_ = false;
  std::vector<graph::NodeTime> times_;
};

TEST(LayerTiming, another_executor_is_timed_by_its_own_clock_all_passes_together) {
  const Work work = make_work(small_model(), {.graph = "decoder_step", .length = 5, .steps = 3});
  const auto times =
      LayerTimingProfiler([] { return std::make_unique<Clocked>(); }, work).run({2, 2});
  ASSERT_EQ(times.layers.size(), 2u);
  EXPECT_NEAR(times.layers[1].p50_us, 6e3, 1e-6);
  EXPECT_NEAR(times.all.p50_us, 9e3, 1e-6);
}

TEST(LayerTiming, says_what_timing_costs_on_both_executors) {
  const Work work = make_work(small_model(), {.length = 200});
  const auto native = LayerTimingProfiler(runtime::prepare(small_model()), work).run({3, 5});
  const auto other =
      LayerTimingProfiler([] { return std::make_unique<Clocked>(); }, work).run({3, 5});
  for (const auto& rounds : {native.overhead_rounds, other.overhead_rounds}) {
    EXPECT_EQ(rounds.size(), 3u);
    EXPECT_GT(median(rounds), -1);
    EXPECT_LT(median(rounds), 1) << "a clock a layer, not another model";
  }
}

TEST(LayerTiming, an_interval_of_the_median_is_as_sure_as_it_says) {
  int inside = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    Rng rng(seed);
    std::vector<double> values(20);
    for (double& value : values) value = rng.normal(5, 1);
    const MedianInterval interval = median_interval(values);
    inside += interval.low <= 5 && 5 <= interval.high;
  }
  EXPECT_GT(inside, 400 * 0.93);
  const MedianInterval six = median_interval({6, 1, 5, 2, 4, 3});
  EXPECT_EQ(six.low, 1);
  EXPECT_EQ(six.high, 6);
  EXPECT_NEAR(six.confidence, 1 - 2.0 / 64, 1e-12);
  EXPECT_NEAR(median_interval({1, 2, 3}).confidence, 0.75, 1e-12);
  EXPECT_EQ(median_interval({7}).confidence, 0);
}

TEST(LayerTiming, an_executor_without_a_clock_is_refused) {
  const Work work = make_work(small_model(), {.length = 200});
  const LayerTimingProfiler profiler(
      [] { return std::make_unique<runtime::NativeExecutor>(runtime::prepare(small_model())); },
      work);
  EXPECT_THROW(profiler.run(), Error);
}

}  // namespace
}  // namespace nest::profile
