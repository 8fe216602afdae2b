#include "nest/optimize/inference_optimizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/rng.h"
#include "nest/export/onnx_importer.h"
#include "nest/graph/factory.h"
#include "nest/runtime/executor.h"
#include "tests/recognize/toy.h"
#include "tests/support/options_laws.h"
#include "tests/support/temp_dir.h"

namespace nest::optimize {
namespace {

using testing::HasSubstr;

TensorMap signals() {
  return {{"eeg_data", recognize::toy::signal(1).reshaped({1, 3, 640})}};
}

OptimizeOptions with(graph::Precision precision) {
  OptimizeOptions options;
  options.executor.precision = precision;
  return options;
}

TEST(InferenceOptimizer, folding_shows_an_error_of_rounding_and_nothing_more) {
  InferenceOptimizer optimizer(recognize::toy::ctc_model());
  const auto& steps = optimizer.optimize();
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_THAT(steps[0].what, HasSubstr("fold"));
  EXPECT_LT(steps[0].max_error, 1e-4);
  EXPECT_EQ(&optimizer.optimize(), &steps) << "a second call does nothing more";
  EXPECT_EQ(optimizer.optimize().size(), 2u);
}

TEST(InferenceOptimizer, fewer_bits_are_smaller_and_say_how_far_off_they_are) {
  InferenceOptimizer floats(recognize::toy::ctc_model());
  InferenceOptimizer codes(recognize::toy::ctc_model(), with(graph::Precision::kInt8));
  EXPECT_LT(codes.optimize().back().weight_bytes, floats.optimize().back().weight_bytes);
  EXPECT_GT(codes.optimize().back().rms_error, floats.optimize().back().rms_error);
  EXPECT_THAT(codes.describe(), HasSubstr("int8"));
  EXPECT_THAT(codes.describe(), HasSubstr("folded"));
}

TEST(InferenceOptimizer, infers_what_the_model_gives_and_says_how_long_it_took) {
  InferenceOptimizer optimizer(recognize::toy::ctc_model());
  const Inference got = optimizer.infer(signals());
  runtime::NativeExecutor plain(runtime::prepare(recognize::toy::ctc_model()));
  const Tensor want = graph::run_forward(plain, signals()).at("log_probs");
  ASSERT_EQ(got.outputs.at("log_probs").shape(), want.shape());
  for (std::int64_t i = 0; i < want.numel(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    EXPECT_NEAR(got.outputs.at("log_probs").data<float>()[at], want.data<float>()[at], 1e-3);
  }
  EXPECT_GT(got.seconds, 0);
}

TEST(InferenceOptimizer, benchmarks_a_batch) {
  InferenceOptimizer optimizer(recognize::toy::ctc_model());
  const auto times = optimizer.benchmark(2, 8, 640);
  EXPECT_EQ(times.batch, 2);
  EXPECT_GT(times.items_per_s, 0);
}

TEST(InferenceOptimizer, exports_what_it_made) {
  const test::TempDir dir;
  InferenceOptimizer optimizer(recognize::toy::ctc_model());
  const auto files = optimizer.export_onnx(dir / "m.onnx");
  ASSERT_EQ(files.size(), 1u);
  const graph::Model back = exports::import_onnx(dir / "m.onnx");
  int norms = 0;
  for (const auto& [name, graph] : back.graphs) {
    for (const graph::Node& node : graph.nodes)
      norms += std::holds_alternative<graph::BatchNorm>(node.op) ? 1 : 0;
  }
  EXPECT_EQ(norms, 0) << "they were folded";
}

TEST(InferenceOptimizer, options_survive_json) {
  OptimizeOptions options = with(graph::Precision::kBf16);
  options.fold = false;
  test::expect_options_laws(OptimizeOptions{}, options);
}

}  // namespace
}  // namespace nest::optimize
