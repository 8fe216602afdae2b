#include "nest/core/dtype.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "nest/core/rng.h"

namespace nest {
namespace {

/// Value of a binary16 from its fields, in double.
double half_value(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 31;
  const double fraction = (bits & 1023) / 1024.0;
  const double sign = (bits & 0x8000) != 0 ? -1 : 1;
  if (exponent == 31) {
    return fraction != 0 ? std::numeric_limits<double>::quiet_NaN()
                         : sign * std::numeric_limits<double>::infinity();
  }
  return sign *
         (exponent == 0 ? std::ldexp(fraction, -14) : std::ldexp(1 + fraction, exponent - 15));
}

TEST(Half, every_bit_pattern_converts_to_its_value_and_back) {
  for (std::uint32_t i = 0; i < 65536; ++i) {
    const Half half{static_cast<std::uint16_t>(i)};
    const double value = half_value(half.bits);
    const float got = to_float(half);
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(got)) << i;
      EXPECT_TRUE(std::isnan(to_float(to_half(got)))) << i;
      continue;
    }
    ASSERT_EQ(static_cast<double>(got), value) << i;
    ASSERT_EQ(to_half(got).bits, half.bits) << i;
  }
}

TEST(Half, values_between_two_halves_round_to_the_nearest_and_ties_to_even) {
  for (std::uint16_t i = 0; i < 0x7bff; ++i) {
    const double low = half_value(i);
    const double high = half_value(static_cast<std::uint16_t>(i + 1));
    const auto middle = static_cast<float>((low + high) / 2);  // exact in binary32
    const std::uint16_t even = i % 2 == 0 ? i : static_cast<std::uint16_t>(i + 1);
    ASSERT_EQ(to_half(middle).bits, even) << i;
    ASSERT_EQ(to_half(std::nextafter(middle, 0.0F)).bits, i) << i;
    ASSERT_EQ(to_half(std::nextafter(middle, 1e9F)).bits, i + 1) << i;
    ASSERT_EQ(to_half(-middle).bits, even | 0x8000) << i;
  }
}

TEST(Half, overflow_becomes_infinity_from_the_tie_on) {
  EXPECT_EQ(to_half(65519.0F).bits, 0x7bff);
  EXPECT_EQ(to_half(65520.0F).bits, 0x7c00);
  EXPECT_EQ(to_half(-1e30F).bits, 0xfc00);
  EXPECT_EQ(to_half(std::numeric_limits<float>::infinity()).bits, 0x7c00);
}

TEST(BFloat16, every_pattern_round_trips_and_ties_go_to_even) {
  for (std::uint32_t i = 0; i < 65536; ++i) {
    const BFloat16 value{static_cast<std::uint16_t>(i)};
    const float as_float = to_float(value);
    if (std::isnan(as_float)) {
      EXPECT_TRUE(std::isnan(to_float(to_bfloat16(as_float)))) << i;
      continue;
    }
    ASSERT_EQ(to_bfloat16(as_float).bits, value.bits) << i;
    if ((i & 0x7fff) >= 0x7f80) continue;  // infinity has no neighbour above
    const auto tie = std::bit_cast<float>((i << 16) | 0x8000U);
    ASSERT_EQ(to_bfloat16(tie).bits, i % 2 == 0 ? i : i + 1) << i;
    ASSERT_EQ(to_bfloat16(std::bit_cast<float>((i << 16) | 0x7fffU)).bits, i) << i;
    ASSERT_EQ(to_bfloat16(std::bit_cast<float>((i << 16) | 0x8001U)).bits, i + 1) << i;
  }
}

TEST(DType, names_and_sizes_agree_both_ways) {
  for (const DType dtype : {DType::kF32, DType::kF64, DType::kF16, DType::kBF16, DType::kI8,
                            DType::kU8, DType::kI16, DType::kI32, DType::kI64, DType::kBool}) {
    EXPECT_EQ(from_name<DType>(name_of(dtype)), dtype);
  }
  EXPECT_EQ(size_of(DType::kBF16), 2U);
  EXPECT_EQ(size_of(DType::kI64), 8U);
  EXPECT_ANY_THROW(from_name<DType>("float23"));
}

}  // namespace
}  // namespace nest
