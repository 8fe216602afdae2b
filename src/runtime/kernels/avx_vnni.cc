// Compiled with AVX2, FMA, F16C and AVX-VNNI; contains nothing but kernels.
#if defined(__x86_64__)
#include "kernels.h"
#include "vec_avx2.h"

namespace nest::runtime {
// In the order of their dependence:
// clang-format off
#include "simd_math.inc"
#include "simd_passes.inc"
#include "simd_gemm.inc"
#include "simd_bf16.inc"
// clang-format on

namespace {

constexpr int kQRows = 6, kQCols = 2, kQColsOne = 8;
constexpr int kSparseRows = 1, kSparseQRows = 6;
using QB = __m256i;
using QX = __m256i;
using QAcc = __m256i;

inline QAcc q_zero() {
  return _mm256_setzero_si256();
}
inline __m256i load32(const void* p) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(p));
}
inline QB q_weights(const std::int8_t* p) {
  return load32(p);
}
inline QX q_unsigned(const std::uint8_t* p) {
  int four;
  __builtin_memcpy(&four, p, sizeof four);
  return _mm256_set1_epi32(four);
}
inline QB q_samples(const std::uint8_t* p) {
  return load32(p);
}
inline QX q_four(const std::int8_t* p) {
  int four;
  __builtin_memcpy(&four, p, sizeof four);
  return _mm256_set1_epi32(four);
}
// As assembly: GCC 12 copies and spills every accumulator around its intrinsic.
inline __m256i dot_bytes(__m256i acc, __m256i u, __m256i s) {
  asm("%{vex%} vpdpbusd %2, %1, %0" : "+x"(acc) : "x"(u), "x"(s));
  return acc;
}
inline QAcc q_dot(QAcc acc, QB b, QX x) {
  return dot_bytes(acc, x, b);
}
inline QAcc q_dot_u(QAcc acc, QB b, QX x) {
  return dot_bytes(acc, b, x);
}
inline V q_float(QAcc acc, const std::int32_t* sum) {
  return _mm256_cvtepi32_ps(_mm256_sub_epi32(acc, load32(sum)));
}
inline V q_float_row(QAcc acc, std::int32_t sum) {
  return _mm256_cvtepi32_ps(_mm256_sub_epi32(acc, _mm256_set1_epi32(sum)));
}

}  // namespace
#include "simd_s4_avx2.inc"
namespace {

// Sixteen times the codes: sign and place come for a shift and a mask.
inline void q4_codes(const std::uint8_t* p, Q4& low, Q4& high) {
  const __m256i mask = _mm256_set1_epi8(-16);
  const __m256i raw = q4_load(p);
  low = _mm256_and_si256(_mm256_slli_epi16(raw, 4), mask);
  high = _mm256_and_si256(raw, mask);
}
inline Q4Block q4_dot(Q4Block block, Q4 codes, Q4X x) {
  return dot_bytes(block, x, codes);
}
inline Q4Sum q4_add(Q4Sum sum, Q4Block block, Q4Sum multipliers) {
  asm("%{vex%} vpdpwssd %2, %1, %0"
      : "+x"(sum)
      : "x"(_mm256_srai_epi32(block, 4)), "x"(multipliers));
  return sum;
}

}  // namespace
// clang-format off
#include "simd_quant.inc"
#include "simd_s4.inc"
#include "simd_conv_s8.inc"
#include "simd_sparse.inc"
#include "simd_rows.inc"
// clang-format on

const Kernels* kernels_avx_vnni() {
  static constinit const Kernels table = make_table();
  return &table;
}

}  // namespace nest::runtime
#else
#include "kernels.h"
const nest::runtime::Kernels* nest::runtime::kernels_avx_vnni() {
  return nullptr;
}
#endif
