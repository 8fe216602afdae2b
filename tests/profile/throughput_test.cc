#include "nest/profile/throughput.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/profile/comparison.h"
#include "small_model.h"

namespace nest::profile {
namespace {

/// Runs that get faster until the machine is warm.
class Warming final : public Contender {
 public:
  const std::string& name() const override { return name_; }
  std::vector<double> run(int times) override {
    std::vector<double> ms;
    for (int i = 0; i < times; ++i, ++runs_)
      ms.push_back(runs_ < 70 ? 200.0 - runs_ : 10 + runs_ % 3);
    return ms;
  }
  TensorMap outputs() override { return {}; }
  Json info() const override { return {}; }

 private:
  std::string name_ = "warming";
  int runs_ = 0;
};

TEST(ThroughputBenchmark, warms_up_until_times_fall_no_more) {
  const ThroughputBenchmark benchmark(
      small_model(), [](const Work&) { return std::make_unique<Warming>(); }, {.length = 400});
  const auto all = benchmark.measure_throughput({.batch_sizes = {1, 4}, .runs = 100});
  ASSERT_EQ(all.size(), 2u);
  EXPECT_TRUE(all[0].is_steady);
  EXPECT_GE(all[0].warmup_runs, 80);
  EXPECT_EQ(all[0].latency.max_ms, 12);
  EXPECT_TRUE(all[0].latency.p95_ms.has_value());
  EXPECT_FALSE(all[0].latency.p99_ms.has_value()) << "100 runs say nothing of one in a hundred";
  EXPECT_DOUBLE_EQ(all[1].items_per_s, 4 / 11.0 * 1e3);
}

TEST(ThroughputBenchmark, a_machine_that_never_gets_steady_is_said_to_be_so) {
  const ThroughputBenchmark benchmark(
      small_model(), [](const Work&) { return std::make_unique<Warming>(); }, {.length = 400});
  const auto all =
      benchmark.measure_throughput({.batch_sizes = {1}, .runs = 20, .max_warmup_s = 0});
  EXPECT_FALSE(all[0].is_steady);
  EXPECT_THAT(throughput_text(all), testing::HasSubstr("still fell"));
}

TEST(ThroughputBenchmark, runs_a_model_at_every_batch_size) {
  const auto runnable = recognize::make_runnable(small_model());
  const auto all = ThroughputBenchmark(runnable, {.length = 400})
                       .measure_throughput({.batch_sizes = {1, 3}, .runs = 8, .max_warmup_s = 0});
  for (const BatchThroughput& each : all) {
    EXPECT_GT(each.items_per_s, 0);
    EXPECT_EQ(each.latency.runs, 8);
  }
  EXPECT_THROW(
      ThroughputBenchmark(runnable, {.length = 400}).measure_throughput({.batch_sizes = {}}),
      Error);
}

TEST(ComparisonBenchmark, models_stand_in_one_table_with_what_was_measured) {
  graph::Model int8 = small_model();
  graph::set_precision(int8.quantization, graph::Precision::kInt8);
  const auto rows = ComparisonBenchmark::compare_models(
      {{"floats", recognize::make_runnable(small_model())},
       {"int8", recognize::make_runnable(int8)}},
      {.length = 400}, {.runs = 6, .turn = 3, .warmup = 1, .rest_ms = 0});
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].parameters, small_model().num_parameters());
  EXPECT_EQ(rows[0].operations, rows[1].operations);
  EXPECT_LT(rows[1].weight_bytes, rows[0].weight_bytes);
  EXPECT_EQ(rows[0].time_ratio, 1);
  const std::string table = ComparisonBenchmark::print_comparison(rows);
  for (const char* word : {"Model Comparison", "Params", "GMACs", "GFLOPs", "Latency", "floats"})
    EXPECT_THAT(table, testing::HasSubstr(word));
}

}  // namespace
}  // namespace nest::profile
