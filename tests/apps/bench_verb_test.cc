#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>

#include "nest/core/json.h"
#include "tests/support/command.h"
#include "tests/support/paths.h"

namespace nest {
namespace {

test::CommandResult bench(const std::string& arguments) {
  return test::run_nest(NEST_BINARY, "bench " + arguments, 16'000'000);
}
std::string small_config() {
  return "--config " + (test::tests_dir().parent_path() / "configs/model.yaml").string() +
         " --model-key nest_ctc_small";
}

TEST(BenchVerb, reports_times_errors_and_the_plan_of_every_precision) {
  const auto result = bench(
      small_config() + " --length 256 --precision fp32,int8 --runs 3 --turn 2 --layers --json");
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Json report = Json::parse(result.out);
  const Json& work = report.at("work").at(0);
  ASSERT_EQ(work.at("contenders").size(), 2u);
  const Json &fp32 = work.at("contenders").at(0), &int8 = work.at("contenders").at(1);
  EXPECT_EQ(fp32.at("name"), "nest fp32");
  EXPECT_EQ(fp32.at("runs"), 3);
  EXPECT_LE(fp32.at("min_ms").get<double>(), fp32.at("p50_ms").get<double>());
  EXPECT_GT(int8.at("rms_error").get<double>(), 0);
  EXPECT_LT(int8.at("info").at("weight_bytes").get<int>(),
            fp32.at("info").at("weight_bytes").get<int>());
  EXPECT_NE(int8.at("info").at("plan").get<std::string>().find("lstm layer 0 int8"),
            std::string::npos);
  EXPECT_GT(work.at("layers").at("int8").size(), 2u);
}

TEST(BenchVerb, fixed_scales_and_the_step_of_a_causal_encoder_are_measured) {
  const std::string causal =
      "--config " + (test::tests_dir().parent_path() / "configs/synth.yaml").string() +
      " --model-key nest_ctc_causal --graph encoder_step --length 4 --runs 2 --turn 1 --json ";
  const auto result = bench(causal + "--precision fp32,int8-static");
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Json fixed = Json::parse(result.out).at("work").at(0).at("contenders").at(1);
  EXPECT_EQ(fixed.at("name"), "nest int8-static");
  EXPECT_NE(fixed.at("info").at("plan").get<std::string>().find("conv int8 static"),
            std::string::npos);
  EXPECT_GT(fixed.at("max_error").get<double>(), 0);
  EXPECT_EQ(bench(causal + "--precision bf16-static").exit_code, 2);
}

#ifdef NEST_WITH_TORCH
TEST(BenchVerb, libtorch_agrees_and_is_measured_beside) {
  const auto result = bench(small_config() + " --length 256 --peer torch --runs 2 --turn 1 --json");
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Json report = Json::parse(result.out);
  EXPECT_EQ(report.at("work").at(0).at("contenders").back().at("name"), "torch");
}
#endif

TEST(BenchVerb, a_suite_names_its_work_and_goals) {
  const test::TempDir dir;
  std::ofstream(dir / "models.yaml") << "m: {model_name: NEST_CTC, spatial_cnn: {type: EEGNet, "
                                        "n_channels: 4, n_pointwise_filters: 8}, temporal_encoder: "
                                        "{type: LSTM, hidden_size: 8}, decoder: {vocab_size: 5}}";
  std::ofstream(dir / "suite.yaml")
      << "models: models.yaml\nwork:\n  a: {model_key: m, graph: encoder, length: 300, goal_ms: "
         "{int8: 1000000, fp32: 0}}\n";
  const std::string suite = "--suite " + (dir / "suite.yaml").string();
  const auto result = bench(suite + " --runs 1 --turn 1 --json");
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Json goals = Json::parse(result.out).at("work").at(0).at("goals");
  ASSERT_EQ(goals.size(), 2u);
  EXPECT_EQ(goals.at(0).at("is_reached"), false);
  EXPECT_EQ(goals.at(1).at("is_reached"), true);
  EXPECT_EQ(bench(suite + " --only b").exit_code, 3);
}

TEST(BenchVerb, says_what_is_missing) {
  EXPECT_EQ(bench("").exit_code, 2);
  const auto no_models = bench(small_config() + " --peer onnxruntime");
  EXPECT_EQ(no_models.exit_code, 2);
  EXPECT_NE(no_models.err.find("--onnx-dir"), std::string::npos) << no_models.err;
  ::unsetenv("NEST_ONNXRUNTIME_PEER");
  const auto no_program =
      bench(small_config() + " --length 256 --peer onnxruntime --onnx-dir /nowhere");
  EXPECT_EQ(no_program.exit_code, 2);
  EXPECT_NE(no_program.err.find("--peer-command"), std::string::npos) << no_program.err;
  EXPECT_EQ(bench(small_config() + " --peer tensorrt").exit_code, 2);
}

}  // namespace
}  // namespace nest
