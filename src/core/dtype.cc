#include "nest/core/dtype.h"

#include <array>
#include <string>

#include "nest/core/error.h"

namespace nest {
namespace {

struct Row {
  DType dtype;
  std::size_t size;
  std::string_view name;
};

constexpr std::array<Row, 10> kRows{{{DType::kF32, 4, "float32"},
                                     {DType::kF64, 8, "float64"},
                                     {DType::kF16, 2, "float16"},
                                     {DType::kBF16, 2, "bfloat16"},
                                     {DType::kI8, 1, "int8"},
                                     {DType::kU8, 1, "uint8"},
                                     {DType::kI16, 2, "int16"},
                                     {DType::kI32, 4, "int32"},
                                     {DType::kI64, 8, "int64"},
                                     {DType::kBool, 1, "bool"}}};

}  // namespace

std::size_t size_of(DType dtype) {
  return kRows[static_cast<std::size_t>(dtype)].size;
}
std::string_view name_of(DType dtype) {
  return kRows[static_cast<std::size_t>(dtype)].name;
}

DType dtype_from_name(std::string_view name) {
  std::string known;
  for (const Row& row : kRows) {
    if (row.name == name) return row.dtype;
    known += known.empty() ? "" : ", ";
    known += row.name;
  }
  fail(ErrorCode::kInvalidArgument, "unknown element type '{}'; known: {}", name, known);
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
