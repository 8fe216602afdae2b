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
constexpr int kQRows = 4, kQCols = 2, kQColsOne = 4, kQ4Rows = 2, kQ4Cols = 2, kQ4ColsOne = 2;
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
inline void q_nibbles(const std::uint8_t* p, QB& low, QB& high) {
  const __m256i mask = _mm256_set1_epi8(15);
  const __m256i a = load32(p), b = load32(p + 32);
  low = {_mm512_cvtepu8_epi16(_mm256_and_si256(a, mask)),
         _mm512_cvtepu8_epi16(_mm256_and_si256(b, mask))};
  high = {_mm512_cvtepu8_epi16(_mm256_and_si256(_mm256_srli_epi16(a, 4), mask)),
          _mm512_cvtepu8_epi16(_mm256_and_si256(_mm256_srli_epi16(b, 4), mask))};
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
inline V q_float_s4(const QAcc& acc, std::int32_t sum) {
  return _mm512_cvtepi32_ps(_mm512_sub_epi32(q_columns(acc), _mm512_set1_epi32(sum)));
}
inline V q_float_row(const QAcc& acc, std::int32_t sum) {
  return q_float_s4(acc, sum);
}

}  // namespace
// clang-format off
#include "simd_quant.inc"
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
