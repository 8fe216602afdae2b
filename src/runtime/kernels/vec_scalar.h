#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

// One float: the portable and readable meaning of every vector operation.
namespace {

using V = float;
constexpr int kW = 1;        // floats a vector
constexpr int kRows = 2;     // rows of a matrix tile
constexpr int kCols = 4;     // vectors across a matrix tile
constexpr int kColsOne = 4;  // the same for a single row

inline float from_bits(std::uint32_t bits) {
  float f;
  std::memcpy(&f, &bits, sizeof f);
  return f;
}
inline V v_load(const float* p) {
  return *p;
}
inline V v_load_n(const float* p, int) {
  return *p;
}
inline void v_store(float* p, V v) {
  *p = v;
}
inline void v_store_n(float* p, V v, int) {
  *p = v;
}
inline V v_set(float x) {
  return x;
}
inline V v_add(V a, V b) {
  return a + b;
}
inline V v_sub(V a, V b) {
  return a - b;
}
inline V v_mul(V a, V b) {
  return a * b;
}
inline V v_div(V a, V b) {
  return a / b;
}
inline V v_fma(V a, V b, V c) {
  return a * b + c;
}  // two roundings
inline V v_max(V a, V b) {
  return a > b ? a : b;
}
inline V v_min(V a, V b) {
  return a < b ? a : b;
}
inline V v_abs(V a) {
  return std::fabs(a);
}
inline V v_round(V a) {
  return std::nearbyintf(a);
}
// 2^n for integral n in [-126, 127].
inline V v_pow2(V n) {
  return from_bits(static_cast<std::uint32_t>(static_cast<std::int32_t>(n) + 127) << 23);
}
// a < b ? x : y
inline V v_if_less(V a, V b, V x, V y) {
  return a < b ? x : y;
}
inline V v_copysign(V magnitude, V sign) {
  return std::copysign(magnitude, sign);
}
inline V v_keep(V a, int, V) {
  return a;
}
inline float v_sum(V v) {
  return v;
}
inline float v_hmax(V v) {
  return v;
}
// IEEE binary16; no infinities or NaN occur in packed weights, subnormals do.
inline V v_load_half(const std::uint16_t* p) {
  const std::uint32_t sign = static_cast<std::uint32_t>(*p & 0x8000u) << 16;
  const std::uint32_t rest = *p & 0x7fffu;
  return from_bits(sign | (rest << 13)) * from_bits(0x77800000u);  // * 2^112
}
// Values in [-127, 127], rounded, plus 128; as bytes, or those of four vectors interleaved.
inline void v_store_u8(std::uint8_t* p, V v, int) {
  *p = static_cast<std::uint8_t>(static_cast<int>(std::nearbyintf(v)) + 128);
}
inline void v_store_quads(std::uint8_t* p, const V (&v)[4], int n) {
  for (int i = 0; i < 4; ++i) v_store_u8(p + i, v[i], n);
}
// A bf16 pair: the low and the high half as floats.
inline V v_bf16_low(const std::uint16_t* p) {
  return from_bits(static_cast<std::uint32_t>(p[0]) << 16);
}
inline V v_bf16_high(const std::uint16_t* p) {
  return from_bits(static_cast<std::uint32_t>(p[1]) << 16);
}
inline void v_bf16_pair(const std::uint16_t* p, V& low, V& high) {
  low = v_bf16_low(p);
  high = v_bf16_high(p);
}

inline void v_transpose(V (&)[kW]) {}

}  // namespace
