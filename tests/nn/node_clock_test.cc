// The LibTorch executor times its nodes.
#include <gtest/gtest.h>

#include "nest/core/trace.h"
#include "nest/nn/executor.h"
#include "nest/nn/register.h"
#include "nest/profile/profile_run.h"
#include "tests/runtime/families.h"

namespace nest::nn {
namespace {

TEST(NodeClock, every_node_has_a_time_of_the_last_run_and_none_if_it_is_off) {
  const graph::Model model = runtime::make_model(runtime::kFamilies[0]);
  TorchExecutor executor(model);
  const auto run = [&] {
    const auto work = profile::make_work(model, {.graph = "encoder", .length = 300});
    const auto begin = std::chrono::steady_clock::now();
    executor.run("encoder", work.inputs);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  run();
  EXPECT_TRUE(executor.node_times().empty());
  executor.time_nodes(true);
  run();
  const double wall = run();
  const auto& times = executor.node_times();
  ASSERT_EQ(times.size(), model.graph("encoder").nodes.size());
  double sum = 0;
  for (std::size_t i = 0; i < times.size(); ++i) {
    EXPECT_EQ(times[i].node, model.graph("encoder").nodes[i].name);
    sum += times[i].seconds;
  }
  EXPECT_GT(sum, 0);
  EXPECT_LE(sum, wall);
  executor.time_nodes(false);
  run();
  EXPECT_TRUE(executor.node_times().empty());
}

TEST(NodeClock, profiles_and_traces_of_libtorch_name_layers) {
  register_executor();
  recognize::ExecutorOptions options;
  options.executor = "torch";
  const auto runnable =
      recognize::make_runnable(runtime::make_model(runtime::kFamilies[0]), options);
  const auto report = profile::profile_model(
      runnable, {.work = {.graph = "encoder", .length = 300}, .timing = {.rounds = 2, .runs = 2}});
  ASSERT_EQ(report.timing.size(), 1u);
  for (const profile::LayerTime& layer : report.timing[0].times.layers) {
    EXPECT_LE(layer.min_us, layer.p50_us) << layer.name;
    EXPECT_LE(layer.p50_us, layer.p95_us) << layer.name;
  }
  Trace trace;
  profile::trace_model(trace, runnable, {.graph = "encoder", .length = 300}, 2);
  EXPECT_GT(trace.size(), runnable.model->graph("encoder").nodes.size());
}

}  // namespace
}  // namespace nest::nn
