#pragma once

#include <cstdint>

#include <arm_neon.h>

// Four floats. Everything here has internal linkage.
namespace {

using V = float32x4_t;
constexpr int kW = 4;        // floats a vector
constexpr int kRows = 6;     // rows of a matrix tile
constexpr int kCols = 4;     // vectors across a matrix tile
constexpr int kColsOne = 8;  // the same for a single row

inline V v_load(const float* p) {
  return vld1q_f32(p);
}
inline V v_load_n(const float* p, int n) {
  float lanes[4] = {0, 0, 0, 0};
  for (int i = 0; i < n && i < 4; ++i) lanes[i] = p[i];
  return vld1q_f32(lanes);
}
inline void v_store(float* p, V v) {
  vst1q_f32(p, v);
}
inline void v_store_n(float* p, V v, int n) {
  float lanes[4];
  vst1q_f32(lanes, v);
  for (int i = 0; i < n && i < 4; ++i) p[i] = lanes[i];
}
inline V v_set(float x) {
  return vdupq_n_f32(x);
}
inline V v_add(V a, V b) {
  return vaddq_f32(a, b);
}
inline V v_sub(V a, V b) {
  return vsubq_f32(a, b);
}
inline V v_mul(V a, V b) {
  return vmulq_f32(a, b);
}
inline V v_div(V a, V b) {
  return vdivq_f32(a, b);
}
inline V v_fma(V a, V b, V c) {
  return vfmaq_f32(c, a, b);
}
inline V v_max(V a, V b) {
  return vmaxq_f32(a, b);
}
inline V v_min(V a, V b) {
  return vminq_f32(a, b);
}
inline V v_abs(V a) {
  return vabsq_f32(a);
}
inline V v_round(V a) {
  return vrndnq_f32(a);
}
// 2^n for integral n in [-126, 127].
inline V v_pow2(V n) {
  const int32x4_t e = vaddq_s32(vcvtnq_s32_f32(n), vdupq_n_s32(127));
  return vreinterpretq_f32_s32(vshlq_n_s32(e, 23));
}
// a < b ? x : y
inline V v_if_less(V a, V b, V x, V y) {
  return vbslq_f32(vcltq_f32(a, b), x, y);
}
inline V v_copysign(V magnitude, V sign) {
  return vbslq_f32(vdupq_n_u32(0x80000000u), sign, magnitude);
}
// The first n lanes of a, the others of b.
inline V v_keep(V a, int n, V b) {
  const std::uint32_t lanes[4] = {0, 1, 2, 3};
  const uint32x4_t is_first = vcltq_u32(vld1q_u32(lanes), vdupq_n_u32(static_cast<unsigned>(n)));
  return vbslq_f32(is_first, a, b);
}
inline float v_sum(V v) {
  const float32x2_t h = vadd_f32(vget_low_f32(v), vget_high_f32(v));
  return vget_lane_f32(h, 0) + vget_lane_f32(h, 1);
}
inline float v_hmax(V v) {
  return vmaxvq_f32(v);
}
inline V v_load_half(const std::uint16_t* p) {
  return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p)));
}
// Values in [-127, 127], rounded, plus 128; stored as bytes, or those of four vectors interleaved.
inline int32x4_t v_codes(V v) {
  return vaddq_s32(vcvtnq_s32_f32(v), vdupq_n_s32(128));
}
inline void v_store_quads(std::uint8_t* p, const V (&v)[4], int n) {
  const int32x4_t low = vorrq_s32(v_codes(v[0]), vshlq_n_s32(v_codes(v[1]), 8));
  const int32x4_t high = vorrq_s32(vshlq_n_s32(v_codes(v[2]), 16), vshlq_n_s32(v_codes(v[3]), 24));
  v_store_n(reinterpret_cast<float*>(p), vreinterpretq_f32_s32(vorrq_s32(low, high)), n);
}
inline void v_store_u8(std::uint8_t* p, V v, int n) {
  std::int32_t lanes[4];
  vst1q_s32(lanes, v_codes(v));
  for (int j = 0; j < n && j < 4; ++j) p[j] = static_cast<std::uint8_t>(lanes[j]);
}
// Four bf16 pairs [column][2]: the low and the high half as floats.
inline V v_bf16_low(const std::uint16_t* p) {
  return vreinterpretq_f32_u32(vshlq_n_u32(vreinterpretq_u32_u16(vld1q_u16(p)), 16));
}
inline V v_bf16_high(const std::uint16_t* p) {
  return vreinterpretq_f32_u32(
      vandq_u32(vreinterpretq_u32_u16(vld1q_u16(p)), vdupq_n_u32(0xffff0000u)));
}
// The two of a pair in every lane.
inline void v_bf16_pair(const std::uint16_t* p, V& low, V& high) {
  low = vreinterpretq_f32_u32(vdupq_n_u32(static_cast<std::uint32_t>(p[0]) << 16));
  high = vreinterpretq_f32_u32(vdupq_n_u32(static_cast<std::uint32_t>(p[1]) << 16));
}

// Rows become columns: pairs, then halves of a vector change places.
inline void v_transpose(V (&r)[kW]) {
  const float64x2_t a = vreinterpretq_f64_f32(vtrn1q_f32(r[0], r[1]));
  const float64x2_t b = vreinterpretq_f64_f32(vtrn2q_f32(r[0], r[1]));
  const float64x2_t c = vreinterpretq_f64_f32(vtrn1q_f32(r[2], r[3]));
  const float64x2_t d = vreinterpretq_f64_f32(vtrn2q_f32(r[2], r[3]));
  r[0] = vreinterpretq_f32_f64(vtrn1q_f64(a, c));
  r[1] = vreinterpretq_f32_f64(vtrn1q_f64(b, d));
  r[2] = vreinterpretq_f32_f64(vtrn2q_f64(a, c));
  r[3] = vreinterpretq_f32_f64(vtrn2q_f64(b, d));
}

}  // namespace
