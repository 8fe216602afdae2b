// Compiled with AVX2, FMA and F16C; contains nothing but kernels.
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

// Without a byte dot product, bytes are widened to 16 bits and multiplied in pairs; maddubs would
// saturate. A sum of eight columns lives in two registers of (column, pair of k).
constexpr int kQRows = 3, kQCols = 1, kQColsOne = 4, kQ4Rows = 2, kQ4Cols = 1, kQ4ColsOne = 1;
constexpr int kSparseRows = 1, kSparseQRows = 2;
struct QB {
  __m256i low, high;  // columns 0-3 and 4-7, four 16-bit weights each
};
using QX = __m256i;
using QAcc = QB;

inline QAcc q_zero() {
  return {_mm256_setzero_si256(), _mm256_setzero_si256()};
}
inline __m128i load16(const void* p) {
  return _mm_loadu_si128(static_cast<const __m128i*>(p));
}
inline QB q_weights(const std::int8_t* p) {
  return {_mm256_cvtepi8_epi16(load16(p)), _mm256_cvtepi8_epi16(load16(p + 16))};
}
inline void q_nibbles(const std::uint8_t* p, QB& low, QB& high) {
  const __m128i mask = _mm_set1_epi8(15);
  const __m128i a = load16(p), b = load16(p + 16);
  low = {_mm256_cvtepu8_epi16(_mm_and_si128(a, mask)),
         _mm256_cvtepu8_epi16(_mm_and_si128(b, mask))};
  high = {_mm256_cvtepu8_epi16(_mm_and_si128(_mm_srli_epi16(a, 4), mask)),
          _mm256_cvtepu8_epi16(_mm_and_si128(_mm_srli_epi16(b, 4), mask))};
}
inline QX q_unsigned(const std::uint8_t* p) {
  int four;
  __builtin_memcpy(&four, p, sizeof four);
  return _mm256_cvtepu8_epi16(_mm_set1_epi32(four));
}
inline QB q_samples(const std::uint8_t* p) {
  return {_mm256_cvtepu8_epi16(load16(p)), _mm256_cvtepu8_epi16(load16(p + 16))};
}
inline QX q_four(const std::int8_t* p) {
  int four;
  __builtin_memcpy(&four, p, sizeof four);
  return _mm256_cvtepi8_epi16(_mm_set1_epi32(four));
}
inline QAcc q_dot(QAcc acc, const QB& b, QX x) {
  return {_mm256_add_epi32(acc.low, _mm256_madd_epi16(b.low, x)),
          _mm256_add_epi32(acc.high, _mm256_madd_epi16(b.high, x))};
}
inline QAcc q_dot_u(QAcc acc, const QB& b, QX x) {
  return q_dot(acc, b, x);
}
inline __m256i q_columns(const QAcc& acc) {
  return _mm256_permute4x64_epi64(_mm256_hadd_epi32(acc.low, acc.high), 0xd8);
}
inline V q_float(const QAcc& acc, const std::int32_t* sum) {
  const __m256i s = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(sum));
  return _mm256_cvtepi32_ps(_mm256_sub_epi32(q_columns(acc), s));
}
inline V q_float_s4(const QAcc& acc, std::int32_t sum) {
  return _mm256_cvtepi32_ps(_mm256_sub_epi32(q_columns(acc), _mm256_set1_epi32(sum)));
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

const Kernels* kernels_avx2() {
  static constinit const Kernels table = make_table();
  return &table;
}

}  // namespace nest::runtime
#else
#include "kernels.h"
const nest::runtime::Kernels* nest::runtime::kernels_avx2() {
  return nullptr;
}
#endif
