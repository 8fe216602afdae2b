#include "nest/compress/post_training_quantizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/graph/cost.h"
#include "nest/runtime/executor.h"
#include "nest/runtime/prepared.h"
#include "tests/support/error_of.h"
#include "tests/support/unit_models.h"
#include "tests/support/unit_runs.h"

namespace nest::compress {
namespace {

using ::testing::HasSubstr;

graph::Model quantized(const graph::Model& model, const PostTrainingOptions& options = {}) {
  PostTrainingQuantizer quantizer(model, options);
  runtime::NativeExecutor executor(
      runtime::prepare(quantizer.prepare(), {}, &quantizer.observer()));
  quantizer.calibrate(2, [&](std::int64_t) { (void)test::run_all(executor); });
  return quantizer.quantize();
}

TensorMap outputs_of(const graph::Model& model) {
  runtime::NativeExecutor executor(runtime::prepare(model));
  return test::run_all(executor);
}

/// Root mean squared difference of all outputs, relative to the first.
double distance(const TensorMap& a, const TensorMap& b) {
  double error = 0, power = 0;
  for (const auto& [name, tensor] : a) {
    if (tensor.dtype() != DType::kF32) continue;
    for (std::size_t i = 0; i < static_cast<std::size_t>(tensor.numel()); ++i) {
      const auto x = static_cast<double>(tensor.data<float>()[i]);
      error += std::pow(x - static_cast<double>(b.at(name).data<float>()[i]), 2);
      power += x * x;
    }
  }
  return std::sqrt(error / power);
}

class EveryQuantizedModel : public testing::TestWithParam<test::UnitModel> {};
INSTANTIATE_TEST_SUITE_P(Model, EveryQuantizedModel, testing::ValuesIn(test::unit_models()),
                         [](const auto& info) { return info.param.name; });

TEST_P(EveryQuantizedModel, runs_on_fixed_scales_close_to_floats_and_is_smaller) {
  const graph::Model model = test::make_unit_model(GetParam());
  const graph::Model made = quantized(model, {.calibration = {.calibrator = Calibrator::kMinMax}});
  const TensorMap exact = outputs_of(model), rounded = outputs_of(made);
  EXPECT_LT(distance(exact, rounded), 0.15);
  const SizeChange size = measure_size(model, made);
  EXPECT_EQ(size.original_bytes, graph::weight_bytes(model));
  EXPECT_LT(size.quantized_bytes, size.original_bytes);
  EXPECT_NEAR(size.compression_ratio() * (1 - size.reduction()), 1, 1e-12);
}

TEST_P(EveryQuantizedModel, needs_no_data_where_scales_are_found_row_by_row) {
  const graph::Model model = test::make_unit_model(GetParam());
  const graph::Model made = DynamicQuantizer(model).quantize();
  EXPECT_TRUE(made.quantization.activations.empty());
  EXPECT_LT(distance(outputs_of(model), outputs_of(made)), 0.15);
}

TEST(PostTrainingQuantizer, fixes_the_scales_of_all_products_or_of_convolutions) {
  const auto all = quantized(test::small_bilstm(2)).quantization.activations;
  const auto convolutions =
      quantized(test::small_bilstm(2), {.fixed_scales = FixedScales::kConvolutions})
          .quantization.activations;
  EXPECT_TRUE(all.contains("temporal_encoder.lstm/l1r/hh"));
  EXPECT_TRUE(all.contains("ctc_decoder.output_proj"));
  EXPECT_GT(all.size(), convolutions.size());
  EXPECT_FALSE(convolutions.empty());
  for (const auto& [product, scale] : convolutions) EXPECT_EQ(all.at(product), scale) << product;
}

TEST(PostTrainingQuantizer, prepare_forgets_what_was_seen) {
  PostTrainingQuantizer quantizer(test::small_bilstm(2));
  runtime::NativeExecutor executor(
      runtime::prepare(quantizer.prepare(), {}, &quantizer.observer()));
  const auto run = [&](std::int64_t) { (void)test::run_all(executor); };
  quantizer.calibrate(1, run);
  const graph::Model first = quantizer.quantize();
  quantizer.prepare();
  EXPECT_THROW(quantizer.quantize(), Error);
  quantizer.calibrate(1, run);
  EXPECT_EQ(quantizer.quantize().quantization, first.quantization);
}

TEST(PostTrainingQuantizer, hears_of_every_batch_and_can_stop) {
  std::stop_source stop;
  Job job;
  job.stop = stop.get_token();
  PostTrainingQuantizer quantizer(test::small_bilstm(2));
  std::int64_t runs = 0;
  const auto run = [&](std::int64_t) {
    if (++runs == 2) stop.request_stop();
  };
  EXPECT_THROW(quantizer.calibrate(5, run, job), Error);
  EXPECT_EQ(runs, 2);
}

TEST(DynamicQuantizer, takes_the_kinds_that_are_named) {
  const graph::Model made = DynamicQuantizer(test::small_bilstm(2)).quantize({"lstm"});
  EXPECT_EQ(graph::precision_of(made.quantization, "temporal_encoder.lstm"),
            graph::Precision::kInt8);
  EXPECT_EQ(graph::precision_of(made.quantization, "ctc_decoder.output_proj"),
            graph::Precision::kFp32);
}

using test::error_of;

TEST(Quantizers, a_bad_request_is_one_clear_error) {
  const graph::Model model = test::small_bilstm(2);
  EXPECT_THAT(error_of([&] { PostTrainingQuantizer(model).quantize(); }),
              HasSubstr("no signal was calibrated on"));
  EXPECT_THAT(
      error_of([&] { PostTrainingQuantizer(model, {.precision = graph::Precision::kBf16}); }),
      HasSubstr("`precision` is bf16"));
  EXPECT_THAT(error_of([&] { PostTrainingQuantizer{quantized(model)}; }),
              HasSubstr("quantize the original float model"));
  EXPECT_THAT(error_of([&] { DynamicQuantizer(model, graph::Precision::kFp16); }),
              HasSubstr("fp16 has no scales"));
  EXPECT_THAT(error_of([&] { DynamicQuantizer(model).quantize({"gru"}); }),
              HasSubstr("no 'gru' with a matrix product; it has conv, linear, lstm"));
  EXPECT_THAT(error_of([&] { DynamicQuantizer(model).quantize({"conv"}); }),
              HasSubstr("calibrate a fixed one"));
}

}  // namespace
}  // namespace nest::compress
