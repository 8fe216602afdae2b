#include "nest/compress/mixed_precision_quantizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/graph/cost.h"
#include "tests/compress/layer_names.h"
#include "tests/support/error_of.h"
#include "tests/support/unit_models.h"

namespace nest::compress {
namespace {

using ::testing::HasSubstr;

/// The head suffers most; every bit costs one loss for a layer.
ModelMeasure measure(const graph::Model& model) {
  ModelMeasure made;
  made.bytes = graph::weight_bytes(model);
  for (const Layer& layer : layers_of(model)) {
    const graph::Precision precision = graph::precision_of(model.quantization, layer.name);
    const double width = precision == graph::Precision::kInt4   ? 4
                         : precision == graph::Precision::kInt8 ? 8
                         : precision == graph::Precision::kFp16 ? 16
                                                                : 32;
    made.loss += (32 - width) * (layer.name == kHead ? 100 : 1);
    made.ms += width / 32;
  }
  return made;
}

using test::error_of;

TEST(MixedPrecisionQuantizer, sets_layers_and_all_below_a_path) {
  MixedPrecisionQuantizer quantizer(test::small_bilstm(1));
  quantizer.set_layer_precision("temporal_encoder", 8);
  quantizer.set_layer_precision("spatial_cnn.conv2", 16);
  quantizer.set_layer_precision(kHead, 4);
  const graph::Quantization made = quantizer.quantize().quantization;
  EXPECT_EQ(graph::precision_of(made, kLstm), graph::Precision::kInt8);
  EXPECT_EQ(graph::precision_of(made, "spatial_cnn.conv2"), graph::Precision::kFp16);
  EXPECT_EQ(graph::precision_of(made, kHead), graph::Precision::kInt4);
  EXPECT_EQ(graph::precision_of(made, "spatial_cnn.conv3"), graph::Precision::kFp32);
}

TEST(MixedPrecisionQuantizer, spends_a_budget_where_it_matters) {
  MixedPrecisionQuantizer quantizer(test::small_bilstm(1));
  const Sensitivity sensitivity = quantizer.compute_sensitivity(measure);
  EXPECT_EQ(sensitivity.layers.size(), layers_of(test::small_bilstm(1)).size());
  const std::int64_t floats = graph::weight_bytes(test::small_bilstm(1));
  EXPECT_EQ(sensitivity.floats.bytes, floats);
  // A third of the LSTM's bytes must go: it is narrowed, the head is not.
  EXPECT_TRUE(quantizer.auto_assign_precision(
      sensitivity, {PrecisionBudget::Of::kBytes, 0.6 * static_cast<double>(floats)}));
  const graph::Model made = quantizer.quantize();
  EXPECT_LE(graph::weight_bytes(made), 0.6 * static_cast<double>(floats));
  EXPECT_LT(quantizer.assigned().at(kLstm), 32);
  EXPECT_EQ(quantizer.assigned().at(kHead), 32);
  EXPECT_TRUE(quantizer.auto_assign_precision(sensitivity, {PrecisionBudget::Of::kBytes, 1e9}));
  EXPECT_EQ(quantizer.quantize().quantization, graph::Quantization{});
}

TEST(MixedPrecisionQuantizer, keeps_a_budget_of_time_and_what_was_set_by_hand) {
  MixedPrecisionQuantizer quantizer(test::small_bilstm(1));
  quantizer.set_layer_precision(kLstm, 32);
  const Sensitivity sensitivity = quantizer.compute_sensitivity(measure);
  const double floats = sensitivity.floats.ms;
  EXPECT_TRUE(
      quantizer.auto_assign_precision(sensitivity, {PrecisionBudget::Of::kMs, floats - 1.5}));
  const graph::Model made = quantizer.quantize();
  EXPECT_LE(measure(made).ms, floats - 1.5);
  EXPECT_EQ(graph::precision_of(made.quantization, kLstm), graph::Precision::kFp32);
}

TEST(MixedPrecisionQuantizer, a_bad_request_is_one_clear_error) {
  MixedPrecisionQuantizer quantizer(test::small_bilstm(1));
  EXPECT_THAT(error_of([&] { quantizer.set_layer_precision(kHead, 3); }),
              HasSubstr("3 bits; a layer has 32, 16, 8, 4"));
  EXPECT_THAT(error_of([&] { quantizer.set_layer_precision("temporal_encoder.lsmt", 8); }),
              HasSubstr("no layer 'temporal_encoder.lsmt' with weights of a precision; did you "
                        "mean 'temporal_encoder.lstm'?"));
  const Sensitivity sensitivity = quantizer.compute_sensitivity(measure);
  EXPECT_THAT(error_of([&] {
                quantizer.auto_assign_precision(sensitivity, {PrecisionBudget::Of::kBytes, 10});
              }),
              HasSubstr("a budget of 10 bytes is less than the"));
  EXPECT_THAT(error_of([&] {
                MixedPrecisionQuantizer(quantizer.quantize(), {{"no", {1}}});
              }),
              HasSubstr("no such product"));
}

}  // namespace
}  // namespace nest::compress
