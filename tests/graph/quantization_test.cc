#include "nest/graph/quantization.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/graph/factory.h"
#include "nest/graph/serialize.h"
#include "tests/support/error_of.h"

namespace nest::graph {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Model model() {
  return build_model(
      "nest_ctc",
      Config::parse("spatial_cnn: {type: DeepConvNet, n_channels: 5, n_filters: 4}\n"
                    "temporal_encoder: {type: LSTM, hidden_dim: 8, num_layers: 2, bidirectional: "
                    "true}\ndecoder: {vocab_size: 6}\n"));
}

std::string error_of(const Quantization& quantization) {
  return test::error_of([&] { validate(quantization, model()); }, ErrorCode::kInvalidArgument);
}

TEST(Quantization, the_longest_prefix_decides) {
  Quantization quantization{Precision::kInt8};
  quantization.layers["decoder"] = {Precision::kFp32};
  quantization.layers["decoder.output"] = {Precision::kInt4};
  EXPECT_EQ(precision_of(quantization, "encoder.lstm"), Precision::kInt8);
  EXPECT_EQ(precision_of(quantization, "decoder.proj"), Precision::kFp32);
  EXPECT_EQ(precision_of(quantization, "decoder.output.linear"), Precision::kInt4);
  EXPECT_EQ(precision_of(quantization, "decoder_two"), Precision::kInt8);
}

TEST(Quantization, granularity_is_the_layers_then_the_models_then_the_precisions_own) {
  Quantization quantization{Precision::kInt8};
  EXPECT_EQ(layer_of(quantization, "a").granularity, Granularity::kPerChannel);
  quantization.granularity = Granularity::kPerTensor;
  quantization.layers["b"] = {Precision::kInt8, Granularity::kPerChannel};
  quantization.layers["c"] = {Precision::kInt4};
  quantization.layers["d"] = {Precision::kBf16};
  EXPECT_EQ(layer_of(quantization, "a").granularity, Granularity::kPerTensor);
  EXPECT_EQ(layer_of(quantization, "b").granularity, Granularity::kPerChannel);
  EXPECT_EQ(layer_of(quantization, "c").granularity, Granularity::kPerBlock);
  EXPECT_EQ(layer_of(quantization, "d").granularity, std::nullopt);
}

TEST(Quantization, products_are_named_by_node_layer_direction_and_weight) {
  const Model whole = model();
  std::vector<std::string> all;
  for (const Node& node : whole.graph("encoder").nodes) {
    const auto names = product_names(node);
    all.insert(all.end(), names.begin(), names.end());
  }
  EXPECT_THAT(all, Contains("spatial_cnn.conv2"));
  EXPECT_THAT(all, Contains("temporal_encoder.lstm/l0/ih"));
  EXPECT_THAT(all, Contains("temporal_encoder.lstm/l1r/hh"));
}

TEST(Quantization, what_the_model_does_not_have_is_named_beside_what_is_like_it) {
  Quantization quantization{Precision::kInt8};
  quantization.layers["temporal_encoder"] = {Precision::kInt4};
  quantization.activations["temporal_encoder.lstm/l0/ih"] = {0.1f};
  EXPECT_EQ(error_of(quantization), "no error");
  quantization.layers["temporal_encoder.lsmt"] = {Precision::kInt4};
  EXPECT_THAT(error_of(quantization), HasSubstr("no layer 'temporal_encoder.lsmt'"));
  EXPECT_THAT(error_of(quantization), HasSubstr("of like name: temporal_encoder.lstm"));
  quantization.layers.clear();
  quantization.activations["temporal_encoder.lstm"] = {0.1f};
  EXPECT_THAT(error_of(quantization), HasSubstr("temporal_encoder.lstm/l0/hh"));
}

TEST(Quantization, numbers_that_there_are_not_are_refused) {
  Quantization quantization;
  quantization.activations["spatial_cnn.conv2"] = {0.1f, 3};
  EXPECT_THAT(error_of(quantization), HasSubstr("have 3 bits; 8 bits are supported"));
  quantization.activations["spatial_cnn.conv2"] = {0};
  EXPECT_THAT(error_of(quantization), HasSubstr("must be above 0"));
  EXPECT_THAT(error_of({Precision::kFp64}), HasSubstr("fp64 is for LibTorch alone"));
  EXPECT_THAT(error_of({Precision::kInt8, Granularity::kPerBlock}), HasSubstr("not per_block"));
  quantization = {};
  quantization.layers["spatial_cnn"] = {Precision::kInt4, Granularity::kPerChannel};
  EXPECT_THAT(error_of(quantization), HasSubstr("int4 weights have no scales per_channel"));
  EXPECT_THROW(from_name<Precision>("int3"), Error);
}

TEST(Quantization, one_precision_for_all_does_not_pass_over_those_of_layers) {
  Quantization quantization{Precision::kInt8};
  set_precision(quantization, Precision::kBf16);
  EXPECT_EQ(quantization.precision, Precision::kBf16);
  quantization.layers["decoder"] = {Precision::kFp32};
  EXPECT_THROW(set_precision(quantization, Precision::kInt8), Error);
}

Quantization everything() {
  Quantization quantization{Precision::kInt8, Granularity::kPerTensor};
  quantization.layers["temporal_encoder"] = {Precision::kInt4};
  quantization.layers["spatial_cnn.conv2"] = {Precision::kInt8, Granularity::kPerChannel};
  quantization.activations["temporal_encoder.lstm/l0r/hh"] = {0.1f};
  quantization.activations["spatial_cnn.conv2"] = {3e-7f};
  return quantization;
}

TEST(Quantization, travels_with_the_models_description_and_fp32_leaves_no_trace) {
  Model quantized = model();
  EXPECT_FALSE(to_json(quantized).contains("quantization"));
  quantized.quantization = everything();
  EXPECT_EQ(model_from_json(to_json(quantized)).quantization, everything());
  EXPECT_EQ(describe(everything()),
            "int8 per_tensor, 2 layers of their own, 2 fixed activation scales");
  EXPECT_EQ(describe({}), "fp32");
}

TEST(Quantization, damaged_json_is_data_corrupt) {
  const Json good = to_json(everything());
  const auto expect_corrupt = [&](const char* path, const Json& value) {
    Json json = good;
    json[Json::json_pointer(path)] = value;
    try {
      quantization_from_json(json, model());
      ADD_FAILURE() << path << " " << value;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kDataCorrupt) << error.what();
    }
  };
  EXPECT_EQ(quantization_from_json(good, model()), everything());
  expect_corrupt("/precision", "int3");
  expect_corrupt("/precision", 8);
  expect_corrupt("/granularity", "per_row");
  expect_corrupt("/layers", Json::array({1}));
  expect_corrupt("/layers/temporal_encoder", "int8");
  expect_corrupt("/layers/stranger", {{"precision", "int8"}});
  expect_corrupt("/activations/spatial_cnn.conv2/scale", 1e300);
  expect_corrupt("/activations/spatial_cnn.conv2/scale", -1);
  expect_corrupt("/activations/spatial_cnn.conv2/bits", 3);
  expect_corrupt("/activations/spatial_cnn.conv2/bits", std::int64_t{1} << 40);
  expect_corrupt("/activations/stranger", {{"scale", 1}, {"bits", 8}});
}

}  // namespace
}  // namespace nest::graph
