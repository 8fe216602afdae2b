#include "nest/compress/quantize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/compress/quantization_benchmark.h"
#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/graph/cost.h"
#include "nest/runtime/executor.h"
#include "nest/runtime/prepared.h"
#include "tests/compress/layer_names.h"
#include "tests/support/unit_models.h"
#include "tests/support/unit_runs.h"

namespace nest::compress {
namespace {

double width_of(const graph::Model& model, const char* layer) {
  switch (graph::precision_of(model.quantization, layer)) {
    case graph::Precision::kInt4:
      return 4;
    case graph::Precision::kInt8:
      return 8;
    case graph::Precision::kFp32:
      return 32;
    default:
      return 16;
  }
}

/// Runs models on random inputs; narrow heads make errors, narrow LSTMs hardly any. Bytes have a
/// part that single layers do not show.
QuantizeFunctions functions() {
  const auto loss = [](const graph::Model& model) {
    return (32 - width_of(model, kHead)) * 0.01 + (32 - width_of(model, kLstm)) * 0.0001;
  };
  QuantizeFunctions made;
  made.calibrate = [](PostTrainingQuantizer& quantizer) {
    runtime::NativeExecutor executor(
        runtime::prepare(quantizer.prepare(), {}, &quantizer.observer()));
    quantizer.calibrate(1, [&](std::int64_t) { (void)test::run_all(executor); });
  };
  made.measure = [loss](const graph::Model& model) {
    const auto layers = static_cast<std::int64_t>(model.quantization.layers.size());
    return ModelMeasure{loss(model), graph::weight_bytes(model) + 100 * layers * layers, 1};
  };
  made.validate = loss;
  return made;
}

TEST(Quantize, each_method_gives_the_model_its_quantization) {
  const graph::Model model = test::small_bilstm(1);
  const auto dynamic = quantize(model, {.method = QuantizeMethod::kDynamic}, {}).quantization;
  EXPECT_EQ(dynamic.precision, graph::Precision::kInt8);
  EXPECT_TRUE(dynamic.activations.empty());
  const graph::Model fixed = quantize(model, {}, functions());
  EXPECT_TRUE(fixed.quantization.activations.contains("temporal_encoder.lstm/l0/hh"));
  const graph::Model mixed = quantize(
      model,
      {.method = QuantizeMethod::kMixed, .layers = {{kHead, Bits::k4}, {"spatial_cnn", Bits::k8}}},
      functions());
  EXPECT_EQ(width_of(mixed, kHead), 4);
  EXPECT_EQ(width_of(mixed, kLstm), 32);
  EXPECT_EQ(width_of(mixed, "spatial_cnn.conv3"), 8);
}

TEST(Quantize, a_budget_is_kept_by_the_whole_model_and_not_just_by_the_sum_of_layers) {
  const graph::Model model = test::small_bilstm(1);
  const auto budget =
      static_cast<std::int64_t>(0.6 * static_cast<double>(graph::weight_bytes(model)));
  const QuantizeFunctions with = functions();
  const graph::Model made =
      quantize(model, {.method = QuantizeMethod::kMixed, .budget_bytes = budget}, with);
  EXPECT_LE(with.measure(made).bytes, budget);
  EXPECT_EQ(width_of(made, kHead), 32);
}

TEST(Quantize, a_limit_of_errors_narrows_what_it_can) {
  const QuantizeFunctions with = functions();
  const graph::Model made = quantize(
      test::small_bilstm(1), {.method = QuantizeMethod::kMixed, .max_cer_increase = 0.5}, with);
  EXPECT_LE(with.validate(made), 0.005);
  EXPECT_LT(width_of(made, kLstm), 32);
  EXPECT_EQ(width_of(made, kHead), 32);
}

TEST(QuantizationBenchmark, measures_models_in_the_order_they_were_added) {
  const graph::Model model = test::small_bilstm(1);
  const QuantizeFunctions with = functions();
  QuantizationBenchmark benchmark(with.measure, with.validate);
  benchmark.add("fp32", [&] { return model; });
  benchmark.add("int8", [&] { return quantize(model, {.method = QuantizeMethod::kDynamic}, {}); });
  const auto& rows = benchmark.run();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].error, 0);
  EXPECT_EQ(rows[0].measured.bytes, graph::weight_bytes(model));
  EXPECT_LT(rows[1].measured.bytes, rows[0].measured.bytes);
  EXPECT_GT(*rows[1].error, 0);
  EXPECT_EQ(benchmark.to_json().at(1).at("name"), "int8");
  EXPECT_THAT(benchmark.text(), testing::HasSubstr("fp32"));
}

}  // namespace
}  // namespace nest::compress
