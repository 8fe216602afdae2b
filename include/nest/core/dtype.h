#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "nest/core/enum.h"

namespace nest {

/// Element types of tensors in files and executors.
enum class DType : std::uint8_t { kF32, kF64, kF16, kBF16, kI8, kU8, kI16, kI32, kI64, kBool };

std::size_t size_of(DType dtype);
/// NumPy / PyTorch spelling: "float32", "bfloat16", "int64", "bool".
EnumTable enum_table(DType of);

/// IEEE binary16 storage; arithmetic is done in float.
struct Half {
  std::uint16_t bits = 0;
};
/// bfloat16 storage: the upper half of a binary32.
struct BFloat16 {
  std::uint16_t bits = 0;
};

float to_float(Half h);
/// Round to nearest, ties to even; overflow becomes infinity, NaN stays NaN.
Half to_half(float f);

inline float to_float(BFloat16 b) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(b.bits) << 16);
}
/// Round to nearest, ties to even; NaN stays NaN.
BFloat16 to_bfloat16(float f);

/// DType of a C++ element type: dtype_of<float>() == DType::kF32.
template <class T>
constexpr DType dtype_of();
template <>
constexpr DType dtype_of<float>() {
  return DType::kF32;
}
template <>
constexpr DType dtype_of<double>() {
  return DType::kF64;
}
template <>
constexpr DType dtype_of<Half>() {
  return DType::kF16;
}
template <>
constexpr DType dtype_of<BFloat16>() {
  return DType::kBF16;
}
template <>
constexpr DType dtype_of<std::int8_t>() {
  return DType::kI8;
}
template <>
constexpr DType dtype_of<std::uint8_t>() {
  return DType::kU8;
}
template <>
constexpr DType dtype_of<std::int16_t>() {
  return DType::kI16;
}
template <>
constexpr DType dtype_of<std::int32_t>() {
  return DType::kI32;
}
template <>
constexpr DType dtype_of<std::int64_t>() {
  return DType::kI64;
}
template <>
constexpr DType dtype_of<bool>() {
  return DType::kBool;
}

}  // namespace nest
