#include "nest/core/dtype.h"

#include <array>
#include <string>

#include "nest/core/error.h"

namespace nest {
namespace {

constexpr std::array<std::size_t, 10> kSizes{4, 8, 2, 2, 1, 1, 2, 4, 8, 1};

}  // namespace

std::size_t size_of(DType dtype) {
  return kSizes[static_cast<std::size_t>(dtype)];
}

EnumTable enum_table(DType /*of*/) {
  static constexpr EnumName kNames[] = {{DType::kF32, "float32"}, {DType::kF64, "float64"},
                                        {DType::kF16, "float16"}, {DType::kBF16, "bfloat16"},
                                        {DType::kI8, "int8"},     {DType::kU8, "uint8"},
                                        {DType::kI16, "int16"},   {DType::kI32, "int32"},
                                        {DType::kI64, "int64"},   {DType::kBool, "bool"}};
  return {"element type", kNames};
}

float to_float(Half h) {
  const std::uint32_t sign = static_cast<std::uint32_t>(h.bits & 0x8000u) << 16;
  const std::uint32_t exponent = (h.bits >> 10) & 0x1fu;
  const std::uint32_t mantissa = h.bits & 0x3ffu;
  if (exponent == 0x1f) return std::bit_cast<float>(sign | 0x7f800000u | (mantissa << 13));
  if (exponent != 0)
    return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (mantissa << 13));
  const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
  return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(magnitude));
}

Half to_half(float f) {
  const auto bits = std::bit_cast<std::uint32_t>(f);
  const std::uint32_t sign = (bits >> 16) & 0x8000u;
  const std::uint32_t magnitude = bits & 0x7fffffffu;
  std::uint32_t half = 0;
  if (magnitude > 0x7f800000u) {
    half = 0x7e00u;  // NaN
  } else if (magnitude >= 0x47800000u) {
    half = 0x7c00u;  // at least 65536: infinity; 65520..65536 rounds there below
  } else if (magnitude >= 0x38800000u) {
    const std::uint32_t rounded = magnitude + 0xfffu + ((magnitude >> 13) & 1u);
    half = (rounded - 0x38000000u) >> 13;
  } else {
    // Subnormal: adding 0.5 aligns the mantissa so that the hardware rounds to nearest even.
    const float aligned = std::bit_cast<float>(magnitude) + 0.5f;
    half = std::bit_cast<std::uint32_t>(aligned) - 0x3f000000u;
  }
  return Half{static_cast<std::uint16_t>(sign | half)};
}

BFloat16 to_bfloat16(float f) {
  const auto bits = std::bit_cast<std::uint32_t>(f);
  if ((bits & 0x7fffffffu) > 0x7f800000u) {
    return BFloat16{static_cast<std::uint16_t>((bits >> 16) | 0x40u)};
  }
  return BFloat16{static_cast<std::uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16)};
}

}  // namespace nest
