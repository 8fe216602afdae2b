#include "nest/profile/bench.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/recognize/executors.h"
#include "nest/runtime/executor.h"
#include "small_model.h"
#include "tests/support/error_of.h"
#include "tests/support/temp_dir.h"

namespace nest::profile {
namespace {

using testing::HasSubstr;

BenchOptions quick(std::vector<std::string> precisions) {
  BenchOptions options;
  options.precisions = std::move(precisions);
  options.comparison = {.runs = 2, .turn = 1, .warmup = 1, .rest_ms = 0};
  return options;
}

std::string message_of(const BenchOptions& options) {
  return test::error_of([&] { validate(options); });
}

TEST(Bench, measures_every_precision_and_judges_the_goals) {
  SuiteItem item = make_item(small_model(), {.graph = "encoder", .length = 96});
  item.goal_ms = {{"int8", 1e6}, {"fp32", 0}};
  item.goal_ratio = {{"nest int8", 1e6}};
  BenchOptions options = quick({"fp32", "int8", "int8-static"});
  options.layers = true;
  const BenchResult result = bench(item, options);
  ASSERT_EQ(result.contenders.size(), 3u);
  EXPECT_EQ(result.contenders[2].name, "nest int8-static");
  EXPECT_GT(result.contenders[1].rms_error, 0);
  ASSERT_EQ(result.goals.size(), 3u);
  EXPECT_FALSE(result.goals[0].is_reached);
  EXPECT_TRUE(result.goals[1].is_reached);
  EXPECT_EQ(result.goals[2].what, "nest fp32 times faster than nest int8");
  EXPECT_FALSE(result.goals[2].is_reached);
  EXPECT_EQ(result.layers.size(), 3u);
  EXPECT_GT(to_json(result).at("layers").at("int8-static").size(), 2u);
  EXPECT_THAT(bench_text(result), HasSubstr("goal: nest int8 ms 1e+06, reached"));
  EXPECT_THAT(bench_text(result), HasSubstr("int8-static layers"));
}

TEST(Bench, a_registered_executor_is_a_peer_that_must_agree) {
  recognize::register_executor(
      "peer", [](const graph::Model& model, const recognize::ExecutorOptions& options) {
        return std::make_unique<runtime::NativeExecutor>(runtime::prepare(model), options.machine);
      });
  BenchOptions options = quick({"fp32"});
  options.peers = {"peer"};
  const auto result = bench(make_item(small_model(), {.graph = "encoder", .length = 96}), options);
  EXPECT_EQ(result.contenders.back().name, "peer");
  EXPECT_LT(result.contenders.back().max_error, 1e-5);
}

TEST(Bench, options_name_what_is_missing) {
  EXPECT_THAT(message_of(quick({})), HasSubstr("`precisions` names none"));
  EXPECT_THAT(message_of(quick({"bf16-static"})), HasSubstr("only int8 and int4"));
  BenchOptions options = quick({"fp32"});
  options.peers = {"tensorrt"};
  EXPECT_THAT(message_of(options), HasSubstr("executor 'tensorrt' is not there"));
  options.peers = {"onnxruntime"};
  EXPECT_THAT(message_of(options), HasSubstr("`onnx_dir` is missing"));
  options.onnx_dir = "models";
  EXPECT_THAT(message_of(options), HasSubstr("`peer_command` is missing"));
}

TEST(Suite, items_have_the_names_work_and_goals_of_the_file) {
  const test::TempDir dir;
  std::ofstream(dir / "models.yaml") << "m: {model_name: NEST_CTC, spatial_cnn: {type: EEGNet, "
                                        "n_channels: 4, n_pointwise_filters: 8}, temporal_encoder: "
                                        "{type: LSTM, hidden_size: 8}, decoder: {vocab_size: 5}}";
  std::ofstream(dir / "suite.yaml")
      << "models: models.yaml\nwork:\n"
         "  a: {model_key: m, graph: encoder, length: 300, batch: 2, goal_ms: {int8: 4}}\n"
         "  b: {block: {type: EEGNet, n_channels: 4, n_pointwise_filters: 8}, graph: block}\n";
  const auto all = read_suite(dir / "suite.yaml");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].name, "a");
  EXPECT_EQ(all[0].work.batch, 2);
  EXPECT_EQ(all[0].goal_ms.at("int8"), 4);
  EXPECT_FALSE(all[0].model.weights.empty());
  EXPECT_EQ(read_suite(dir / "suite.yaml", {"b"}).at(0).model.family, graph::Family::kBlock);
  EXPECT_THROW(read_suite(dir / "suite.yaml", {"c"}), Error);
}

TEST(Suite, random_weights_are_the_same_every_time) {
  const graph::Model first = with_random_weights(small_model());
  const graph::Model second = with_random_weights(small_model());
  for (const auto& [name, tensor] : first.weights) {
    if (tensor.dtype() != DType::kF32) continue;
    EXPECT_TRUE(std::ranges::equal(tensor.data<float>(), second.weights.at(name).data<float>()));
  }
}

}  // namespace
}  // namespace nest::profile
