#pragma once

#include <cstdint>

#include <immintrin.h>

// Sixteen floats. Everything here has internal linkage, so nothing compiled with AVX-512 leaks.
namespace {

using V = __m512;
constexpr int kW = 16;       // floats a vector
constexpr int kRows = 6;     // rows of a matrix tile
constexpr int kCols = 4;     // vectors across a matrix tile
constexpr int kColsOne = 4;  // the same for a single row
using Mask = __mmask16;

inline Mask first(int n) {
  return static_cast<Mask>((1u << n) - 1u);
}
inline V v_load(const float* p) {
  return _mm512_loadu_ps(p);
}
inline V v_load_n(const float* p, int n) {
  return _mm512_maskz_loadu_ps(first(n), p);
}
inline void v_store(float* p, V v) {
  _mm512_storeu_ps(p, v);
}
inline void v_store_n(float* p, V v, int n) {
  _mm512_mask_storeu_ps(p, first(n), v);
}
inline V v_set(float x) {
  return _mm512_set1_ps(x);
}
inline V v_add(V a, V b) {
  return _mm512_add_ps(a, b);
}
inline V v_sub(V a, V b) {
  return _mm512_sub_ps(a, b);
}
inline V v_mul(V a, V b) {
  return _mm512_mul_ps(a, b);
}
inline V v_div(V a, V b) {
  return _mm512_div_ps(a, b);
}
inline V v_fma(V a, V b, V c) {
  return _mm512_fmadd_ps(a, b, c);
}
inline V v_max(V a, V b) {
  return _mm512_max_ps(a, b);
}
inline V v_min(V a, V b) {
  return _mm512_min_ps(a, b);
}
inline V v_abs(V a) {
  return _mm512_abs_ps(a);
}
inline V v_round(V a) {
  return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
// 2^n for integral n in [-126, 127].
inline V v_pow2(V n) {
  const __m512i e = _mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127));
  return _mm512_castsi512_ps(_mm512_slli_epi32(e, 23));
}
// a < b ? x : y
inline V v_if_less(V a, V b, V x, V y) {
  return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), y, x);
}
inline V v_copysign(V magnitude, V sign) {
  return _mm512_or_ps(magnitude, _mm512_and_ps(sign, _mm512_set1_ps(-0.0f)));
}
// The first n lanes of a, the others of b.
inline V v_keep(V a, int n, V b) {
  return _mm512_mask_blend_ps(first(n), b, a);
}
// Pairwise in a fixed order: 16 -> 8 -> 4 -> 2 -> 1.
inline float v_sum(V v) {
  const __m256 h = _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
  __m128 q = _mm_add_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));
  q = _mm_add_ps(q, _mm_movehl_ps(q, q));
  return _mm_cvtss_f32(_mm_add_ss(q, _mm_movehdup_ps(q)));
}
inline float v_hmax(V v) {
  const __m256 h = _mm256_max_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
  __m128 q = _mm_max_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));
  q = _mm_max_ps(q, _mm_movehl_ps(q, q));
  return _mm_cvtss_f32(_mm_max_ss(q, _mm_movehdup_ps(q)));
}
inline V v_load_half(const std::uint16_t* p) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}
// Values in [-127, 127], rounded, plus 128.
inline __m512i v_codes(V v) {
  return _mm512_add_epi32(_mm512_cvtps_epi32(v), _mm512_set1_epi32(128));
}
// Codes as bytes.
inline void v_store_u8(std::uint8_t* p, V v, int n) {
  _mm_mask_storeu_epi8(p, first(n), _mm512_cvtepi32_epi8(v_codes(v)));
}
// Codes of four vectors, interleaved.
inline void v_store_quads(std::uint8_t* p, const V (&v)[4], int n) {
  const __m512i low = _mm512_or_si512(v_codes(v[0]), _mm512_slli_epi32(v_codes(v[1]), 8));
  const __m512i high =
      _mm512_or_si512(_mm512_slli_epi32(v_codes(v[2]), 16), _mm512_slli_epi32(v_codes(v[3]), 24));
  _mm512_mask_storeu_epi32(p, first(n), _mm512_or_si512(low, high));
}
// Sixteen bf16 pairs [column][2]: the low and the high half as floats.
inline V v_bf16_low(const std::uint16_t* p) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_loadu_si512(p), 16));
}
inline V v_bf16_high(const std::uint16_t* p) {
  return _mm512_castsi512_ps(
      _mm512_and_si512(_mm512_loadu_si512(p), _mm512_set1_epi32(static_cast<int>(0xffff0000u))));
}
// The two of a pair in every lane.
inline void v_bf16_pair(const std::uint16_t* p, V& low, V& high) {
  int pair;
  __builtin_memcpy(&pair, p, sizeof pair);
  const __m512i both = _mm512_set1_epi32(pair);
  low = _mm512_castsi512_ps(_mm512_slli_epi32(both, 16));
  high =
      _mm512_castsi512_ps(_mm512_and_si512(both, _mm512_set1_epi32(static_cast<int>(0xffff0000u))));
}

// Rows become columns: pairs, fours, then quarters of a vector change places.
inline void v_transpose(V (&r)[kW]) {
  V two[kW], four[kW];
  for (int i = 0; i < kW; i += 2) {
    two[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
    two[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
  }
  for (int i = 0; i < kW; i += 4) {
    const __m512d a = _mm512_castps_pd(two[i]), b = _mm512_castps_pd(two[i + 1]);
    const __m512d c = _mm512_castps_pd(two[i + 2]), d = _mm512_castps_pd(two[i + 3]);
    four[i] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, c));
    four[i + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, c));
    four[i + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(b, d));
    four[i + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(b, d));
  }
  for (int i = 0; i < 4; ++i) {
    const V even0 = _mm512_shuffle_f32x4(four[i], four[i + 4], 0x88);
    const V even1 = _mm512_shuffle_f32x4(four[i + 8], four[i + 12], 0x88);
    const V odd0 = _mm512_shuffle_f32x4(four[i], four[i + 4], 0xdd);
    const V odd1 = _mm512_shuffle_f32x4(four[i + 8], four[i + 12], 0xdd);
    r[i] = _mm512_shuffle_f32x4(even0, even1, 0x88);
    r[i + 4] = _mm512_shuffle_f32x4(odd0, odd1, 0x88);
    r[i + 8] = _mm512_shuffle_f32x4(even0, even1, 0xdd);
    r[i + 12] = _mm512_shuffle_f32x4(odd0, odd1, 0xdd);
  }
}

}  // namespace
