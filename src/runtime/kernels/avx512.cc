// Compiled with AVX-512 F, BW, DQ, VL, FMA and F16C; contains nothing but kernels.
#if defined(__x86_64__)
#include "kernels.h"
#include "vec_avx512.h"

namespace nest::runtime {
// In the order of their dependence:
// clang-format off
#include "simd_math.inc"
#include "simd_passes.inc"
#include "simd_gemm.inc"
#include "simd_bf16.inc"
// clang-format on

namespace {

// As in avx2.cc, on sixteen columns.
constexpr int kQRows = 4, kQCols = 2, kQColsOne = 4;
constexpr int kSparseRows = 6, kSparseQRows = 6;
struct QB {
  __m512i low, high;  // columns 0-7 and 8-15, four 16-bit weights each
};
using QX = __m512i;
using QAcc = QB;

inline QAcc q_zero() {
  return {_mm512_setzero_si512(), _mm512_setzero_si512()};
}
inline __m256i load32(const void* p) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(p));
}
inline QB q_weights(const std::int8_t* p) {
  return {_mm512_cvtepi8_epi16(load32(p)), _mm512_cvtepi8_epi16(load32(p + 32))};
}
inline QX q_unsigned(const std::uint8_t* p) {
  int four;
  __builtin_memcpy(&four, p, sizeof four);
  return _mm512_cvtepu8_epi16(_mm256_set1_epi32(four));
}
inline QB q_samples(const std::uint8_t* p) {
  return {_mm512_cvtepu8_epi16(load32(p)), _mm512_cvtepu8_epi16(load32(p + 32))};
}
inline QX q_four(const std::int8_t* p) {
  int four;
  __builtin_memcpy(&four, p, sizeof four);
  return _mm512_cvtepi8_epi16(_mm256_set1_epi32(four));
}
inline QAcc q_dot(QAcc acc, const QB& b, QX x) {
  return {_mm512_add_epi32(acc.low, _mm512_madd_epi16(b.low, x)),
          _mm512_add_epi32(acc.high, _mm512_madd_epi16(b.high, x))};
}
inline QAcc q_dot_u(QAcc acc, const QB& b, QX x) {
  return q_dot(acc, b, x);
}
inline __m512i q_columns(const QAcc& acc) {
  const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
  return _mm512_add_epi32(_mm512_permutex2var_epi32(acc.low, even, acc.high),
                          _mm512_permutex2var_epi32(acc.low, odd, acc.high));
}
inline V q_float(const QAcc& acc, const std::int32_t* sum) {
  return _mm512_cvtepi32_ps(_mm512_sub_epi32(q_columns(acc), _mm512_loadu_si512(sum)));
}
inline V q_float_row(const QAcc& acc, std::int32_t sum) {
  return _mm512_cvtepi32_ps(_mm512_sub_epi32(q_columns(acc), _mm512_set1_epi32(sum)));
}

}  // namespace
#include "simd_s4_avx512.inc"
namespace {

inline void q4_codes(const std::uint8_t* p, Q4& low, Q4& high) {
  const __m512i mask = _mm512_set1_epi8(15);
  const __m512i codes =
      _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, -8, -7, -6, -5, -4, -3, -2, -1));
  const __m512i raw = _mm512_loadu_si512(p);
  low = _mm512_shuffle_epi8(codes, _mm512_and_si512(raw, mask));
  high = _mm512_shuffle_epi8(codes, _mm512_and_si512(_mm512_srli_epi16(raw, 4), mask));
}
// Sums of pairs of products stay in 16 bits over a block.
inline Q4Block q4_dot(Q4Block block, Q4 codes, Q4X x) {
  return _mm512_add_epi16(block, _mm512_maddubs_epi16(x, codes));
}
inline Q4Sum q4_add(Q4Sum sum, Q4Block block, Q4Sum multipliers) {
  const __m512i each = _mm512_or_si512(multipliers, _mm512_slli_epi32(multipliers, 16));
  return _mm512_add_epi32(sum, _mm512_madd_epi16(block, each));
}

}  // namespace
// clang-format off
#include "simd_quant.inc"
#include "simd_s4.inc"
#include "simd_conv_s8.inc"
#include "simd_sparse.inc"
#include "simd_rows.inc"
// clang-format on

const Kernels* kernels_avx512() {
  static constinit const Kernels table = make_table();
  return &table;
}

}  // namespace nest::runtime
#else
#include "kernels.h"
const nest::runtime::Kernels* nest::runtime::kernels_avx512() {
  return nullptr;
}
#endif
