#include "nest/graph/code_rows.h"

#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/rng.h"
#include "nest/graph/codes.h"
#include "nest/graph/factory.h"

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
    for (const std::int64_t columns : {1, 5, 31, 32, 33, 75}) {
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
      // The largest code of 8 bits is 127 scales, rounded; those of 4 bits are exact.
      for (std::size_t i = 0; i < once.size(); ++i)
        EXPECT_FLOAT_EQ(again[i], once[i]) << name_of(precision) << " seed " << seed;
    }
  }
}

TEST(CodeRows, take_half_a_byte_or_one_a_weight_and_their_scales) {
  EXPECT_EQ(row_bytes(Precision::kInt8, 10), 4 + 10);
  EXPECT_EQ(row_bytes(Precision::kInt4, 10), 2 + 5);
  EXPECT_EQ(row_bytes(Precision::kInt4, 64), 2 * (2 + 16));
  EXPECT_EQ(row_bytes(Precision::kInt4, 65), 2 * (2 + 16) + 2 + 1);
  EXPECT_EQ(row_bytes(Precision::kBf16, 7), 14);
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
