#pragma once

#include <cstdint>

#include <immintrin.h>

// Eight floats. Everything here has internal linkage, so nothing compiled with AVX2 leaks.
namespace {

using V = __m256;
constexpr int kW = 8;        // floats a vector
constexpr int kRows = 6;     // rows of a matrix tile
constexpr int kCols = 2;     // vectors across a matrix tile
constexpr int kColsOne = 8;  // the same for a single row

inline __m256i first(int n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
inline V v_load(const float* p) {
  return _mm256_loadu_ps(p);
}
inline V v_load_n(const float* p, int n) {
  return _mm256_maskload_ps(p, first(n));
}
inline void v_store(float* p, V v) {
  _mm256_storeu_ps(p, v);
}
inline void v_store_n(float* p, V v, int n) {
  _mm256_maskstore_ps(p, first(n), v);
}
inline V v_set(float x) {
  return _mm256_set1_ps(x);
}
inline V v_add(V a, V b) {
  return _mm256_add_ps(a, b);
}
inline V v_sub(V a, V b) {
  return _mm256_sub_ps(a, b);
}
inline V v_mul(V a, V b) {
  return _mm256_mul_ps(a, b);
}
inline V v_div(V a, V b) {
  return _mm256_div_ps(a, b);
}
inline V v_fma(V a, V b, V c) {
  return _mm256_fmadd_ps(a, b, c);
}
inline V v_max(V a, V b) {
  return _mm256_max_ps(a, b);
}
inline V v_min(V a, V b) {
  return _mm256_min_ps(a, b);
}
inline V v_abs(V a) {
  return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a);
}
inline V v_round(V a) {
  return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
// 2^n for integral n in [-126, 127].
inline V v_pow2(V n) {
  const __m256i e = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
  return _mm256_castsi256_ps(_mm256_slli_epi32(e, 23));
}
// a < b ? x : y
inline V v_if_less(V a, V b, V x, V y) {
  return _mm256_blendv_ps(y, x, _mm256_cmp_ps(a, b, _CMP_LT_OQ));
}
inline V v_copysign(V magnitude, V sign) {
  return _mm256_or_ps(magnitude, _mm256_and_ps(sign, _mm256_set1_ps(-0.0f)));
}
// The first n lanes of a, the others of b.
inline V v_keep(V a, int n, V b) {
  return _mm256_blendv_ps(b, a, _mm256_castsi256_ps(first(n)));
}
inline float v_sum(V v) {
  __m128 q = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  q = _mm_add_ps(q, _mm_movehl_ps(q, q));
  return _mm_cvtss_f32(_mm_add_ss(q, _mm_movehdup_ps(q)));
}
inline float v_hmax(V v) {
  __m128 q = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  q = _mm_max_ps(q, _mm_movehl_ps(q, q));
  return _mm_cvtss_f32(_mm_max_ss(q, _mm_movehdup_ps(q)));
}
inline V v_load_half(const std::uint16_t* p) {
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
// Values in [-127, 127], rounded, plus 128; stored as bytes, or those of four vectors interleaved.
inline __m256i v_codes(V v) {
  return _mm256_add_epi32(_mm256_cvtps_epi32(v), _mm256_set1_epi32(128));
}
inline void v_store_u8(std::uint8_t* p, V v, int n) {
  alignas(32) std::int32_t lanes[8];
  _mm256_store_si256(reinterpret_cast<__m256i*>(lanes), v_codes(v));
  for (int j = 0; j < n; ++j) p[j] = static_cast<std::uint8_t>(lanes[j]);
}
inline void v_store_quads(std::uint8_t* p, const V (&v)[4], int n) {
  const __m256i low = _mm256_or_si256(v_codes(v[0]), _mm256_slli_epi32(v_codes(v[1]), 8));
  const __m256i high =
      _mm256_or_si256(_mm256_slli_epi32(v_codes(v[2]), 16), _mm256_slli_epi32(v_codes(v[3]), 24));
  v_store_n(reinterpret_cast<float*>(p), _mm256_castsi256_ps(_mm256_or_si256(low, high)), n);
}
// Eight bf16 pairs [column][2]: the low and the high half as floats.
inline V v_bf16_low(const std::uint16_t* p) {
  const __m256i x = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  return _mm256_castsi256_ps(_mm256_slli_epi32(x, 16));
}
inline V v_bf16_high(const std::uint16_t* p) {
  const __m256i x = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  return _mm256_castsi256_ps(_mm256_and_si256(x, _mm256_set1_epi32(static_cast<int>(0xffff0000u))));
}
// The two of a pair in every lane.
inline void v_bf16_pair(const std::uint16_t* p, V& low, V& high) {
  int pair;
  __builtin_memcpy(&pair, p, sizeof pair);
  const __m256i both = _mm256_set1_epi32(pair);
  low = _mm256_castsi256_ps(_mm256_slli_epi32(both, 16));
  high =
      _mm256_castsi256_ps(_mm256_and_si256(both, _mm256_set1_epi32(static_cast<int>(0xffff0000u))));
}

// Rows become columns: pairs, fours, then halves of a vector change places.
inline void v_transpose(V (&r)[kW]) {
  V two[kW], four[kW];
  for (int i = 0; i < kW; i += 2) {
    two[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
    two[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
  }
  for (int i = 0; i < kW; i += 4) {
    four[i] = _mm256_shuffle_ps(two[i], two[i + 2], 0x44);
    four[i + 1] = _mm256_shuffle_ps(two[i], two[i + 2], 0xee);
    four[i + 2] = _mm256_shuffle_ps(two[i + 1], two[i + 3], 0x44);
    four[i + 3] = _mm256_shuffle_ps(two[i + 1], two[i + 3], 0xee);
  }
  for (int i = 0; i < 4; ++i) {
    r[i] = _mm256_permute2f128_ps(four[i], four[i + 4], 0x20);
    r[i + 4] = _mm256_permute2f128_ps(four[i], four[i + 4], 0x31);
  }
}

}  // namespace
