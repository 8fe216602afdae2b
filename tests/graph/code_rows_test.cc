#include "nest/graph/code_rows.h"

#include <cmath>

#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/rng.h"
#include "nest/graph/codes.h"
#include "nest/graph/factory.h"
#include "nest/graph/old_code_rows.h"

namespace nest::graph {
namespace {

constexpr Precision kPrecisions[] = {Precision::kFp32, Precision::kFp16, Precision::kBf16,
                                     Precision::kInt8, Precision::kInt4};

std::vector<float> random_weights(std::int64_t count, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<float> weights(static_cast<std::size_t>(count));
  for (float& weight : weights) weight = static_cast<float>(rng.normal());
  return weights;
}

std::vector<std::byte> stored(const std::vector<float>& weights, std::int64_t rows,
                              std::int64_t columns, const LayerQuantization& how) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(rows * row_bytes(how.precision, columns)));
  write_rows(weights, rows, columns, how, bytes.data());
  return bytes;
}

TEST(CodeRows, are_read_as_what_the_products_take_weights_for) {
  for (const Precision precision : kPrecisions) {
    for (const std::int64_t columns : {1, 5, 16, 31, 32, 33, 75}) {
      const std::vector<float> weights = random_weights(6 * columns, 3);
      const LayerQuantization how{precision};
      const auto bytes = stored(weights, 6, columns, how);
      EXPECT_EQ(read_rows(bytes.data(), 6, columns, precision),
                rounded_weights(weights, 6, columns, how))
          << name_of(precision) << " " << columns;
    }
  }
}

TEST(CodeRows, of_what_was_read_stand_for_the_same_numbers) {
  for (const Precision precision : {Precision::kInt8, Precision::kInt4}) {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
      const std::int64_t columns = 3 + static_cast<std::int64_t>(seed) * 2;
      const LayerQuantization how{precision};
      const std::vector<float> weights = random_weights(8 * columns, seed);
      const auto once = read_rows(stored(weights, 8, columns, how).data(), 8, columns, precision);
      const auto again = read_rows(stored(once, 8, columns, how).data(), 8, columns, precision);
      // The largest code of 8 bits is 127 scales, rounded; products of an int4 scale are exact.
      EXPECT_TRUE(precision == Precision::kInt8 || again == once) << "seed " << seed;
      for (std::size_t i = 0; i < once.size(); ++i)
        EXPECT_FLOAT_EQ(again[i], once[i]) << name_of(precision) << " seed " << seed;
    }
  }
}

TEST(CodeRows, take_half_a_byte_or_one_a_weight_and_their_scales) {
  EXPECT_EQ(row_bytes(Precision::kInt8, 10), 4 + 10);
  EXPECT_EQ(row_bytes(Precision::kInt4, 10), 3 + 1 + 5);
  EXPECT_EQ(row_bytes(Precision::kInt4, 64), 3 + 2 + 32);
  EXPECT_EQ(row_bytes(Precision::kInt4, 65), 3 + 3 + 33);
  EXPECT_EQ(row_bytes(Precision::kBf16, 7), 14);
}

TEST(CodeRows, of_before_have_a_half_and_codes_of_4_bits_for_every_32_weights) {
  std::vector<std::byte> row(static_cast<std::size_t>(old_int4_row_bytes(35)));
  ASSERT_EQ(row.size(), 2u + 16 + 2 + 2);
  row[1] = std::byte{0x38};   // a scale of 0.5
  row[19] = std::byte{0xc0};  // one of -2
  row[2] = std::byte{0xf0};
  row[20] = std::byte{0x98};
  const std::vector<float> read = read_old_int4_rows(row.data(), 1, 35);
  EXPECT_EQ(read[0], 0.5f * -8);
  EXPECT_EQ(read[1], 0.5f * 7);
  EXPECT_EQ(read[32], 0);
  EXPECT_EQ(read[33], -2);
  EXPECT_EQ(read[34], 16);
}

TEST(CodeRows, of_before_make_int8_of_int4_layers_alone) {
  Quantization quantization{Precision::kInt8, Granularity::kPerTensor};
  EXPECT_FALSE(make_int8_of_int4(quantization));
  quantization.layers["a"] = {Precision::kInt4};
  quantization.layers["b"] = {Precision::kFp32};
  EXPECT_TRUE(make_int8_of_int4(quantization));
  EXPECT_EQ(quantization.granularity, Granularity::kPerTensor);
  EXPECT_EQ(layer_of(quantization, "a"),
            (LayerQuantization{Precision::kInt8, Granularity::kPerChannel}));
  EXPECT_EQ(quantization.layers.at("b").precision, Precision::kFp32);
  quantization = {Precision::kInt4};
  EXPECT_TRUE(make_int8_of_int4(quantization));
  EXPECT_EQ(quantization, (Quantization{Precision::kInt8, Granularity::kPerChannel}));
}

TEST(Int4Row, keeps_its_codes_when_a_factor_goes_into_it) {
  constexpr std::int64_t kRows = 64, kColumns = 200;
  const std::vector<float> weights = random_weights(kRows * kColumns, 12);
  const WeightCodes first = weight_codes(weights, kRows, kColumns, {Precision::kInt4});
  std::vector<float> scaled = rounded_weights(weights, kRows, kColumns, {Precision::kInt4});
  for (std::int64_t r = 0; r < kRows; ++r) {
    const float factor = 0.3f + 0.0371f * static_cast<float>(r);
    for (std::int64_t c = 0; c < kColumns; ++c)
      scaled[static_cast<std::size_t>(r * kColumns + c)] *= factor;
  }
  const WeightCodes again = weight_codes(scaled, kRows, kColumns, {Precision::kInt4});
  EXPECT_EQ(again.codes, first.codes);
  EXPECT_EQ(again.multipliers, first.multipliers);
}

TEST(Int4Row, has_less_error_than_a_scale_for_every_32_weights_would) {
  const std::vector<float> weights = random_weights(64 * 512, 11);
  const auto rounded = rounded_weights(weights, 64, 512, {Precision::kInt4});
  double error = 0, power = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    error += std::pow(static_cast<double>(weights[i] - rounded[i]), 2);
    power += std::pow(static_cast<double>(weights[i]), 2);
  }
  EXPECT_LT(error / power, 0.0063);  // was 0.0070
}

TEST(Int4Row, says_codes_that_are_multiples_and_keeps_zeros_and_tiny_rows) {
  for (const float gain : {1.0f, 1e-30f, 1e30f, 0.0f, 1e-37f}) {
    std::vector<float> weights = random_weights(3 * 40, 5);
    for (float& weight : weights) weight *= gain;
    for (std::size_t i = 16; i < 32; ++i) weights[i] = 0;
    const WeightCodes made = weight_codes(weights, 3, 40, {Precision::kInt4});
    ASSERT_EQ(made.multipliers.size(), 9u);
    EXPECT_EQ(made.multipliers[1], 0);
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const int multiplier = made.multipliers[i / 40 * 3 + i % 40 / 16], code = made.codes[i];
      EXPECT_EQ(multiplier == 0 ? code : code % multiplier, 0);
      if (multiplier > 0) {
        EXPECT_LE(code / multiplier, 7);
        EXPECT_GE(code / multiplier, -8);
      }
    }
    EXPECT_EQ(made.scales[0] > 0, gain > 1e-36f);
  }
}

TEST(NarrowWeights, are_matrices_and_filters_of_narrow_layers) {
  Model model = build_model(
      "nest_ctc",
      Config::parse("{n_channels: 5, spatial_cnn: {type: DeepConvNet, n_channels: 5, n_filters: 4, "
                    "pool_size: 2}, temporal_encoder: {type: LSTM, hidden_dim: 6}, decoder: "
                    "{vocab_size: 11}}",
                    "test"));
  EXPECT_TRUE(narrow_weights(model).empty());
  model.quantization.precision = Precision::kInt4;
  model.quantization.layers["ctc_decoder"] = {Precision::kFp32};
  const auto narrow = narrow_weights(model);
  EXPECT_EQ(narrow.at("spatial_cnn.conv1.weight").precision, Precision::kInt4);
  EXPECT_EQ(narrow.at("temporal_encoder.lstm.weight_hh_l0").precision, Precision::kInt4);
  EXPECT_FALSE(narrow.contains("ctc_decoder.output_proj.weight"));
  EXPECT_FALSE(narrow.contains("spatial_cnn.conv1.bias"));
  EXPECT_FALSE(narrow.contains("spatial_cnn.bn1.running_var"));
}

}  // namespace
}  // namespace nest::graph
