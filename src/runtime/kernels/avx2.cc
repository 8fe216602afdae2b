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
constexpr int kQRows = 3, kQCols = 1, kQColsOne = 4;
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
inline V q_float_row(const QAcc& acc, std::int32_t sum) {
  return _mm256_cvtepi32_ps(_mm256_sub_epi32(q_columns(acc), _mm256_set1_epi32(sum)));
}

}  // namespace
#include "simd_s4_avx2.inc"
namespace {

inline void q4_codes(const std::uint8_t* p, Q4& low, Q4& high) {
  const __m256i mask = _mm256_set1_epi8(15);
  const __m256i codes = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, -8, -7, -6, -5, -4, -3, -2, -1));
  const __m256i raw = q4_load(p);
  low = _mm256_shuffle_epi8(codes, _mm256_and_si256(raw, mask));
  high = _mm256_shuffle_epi8(codes, _mm256_and_si256(_mm256_srli_epi16(raw, 4), mask));
}
// Sums of pairs of products stay in 16 bits over a block.
inline Q4Block q4_dot(Q4Block block, Q4 codes, Q4X x) {
  return _mm256_add_epi16(block, _mm256_maddubs_epi16(x, codes));
}
inline Q4Sum q4_add(Q4Sum sum, Q4Block block, Q4Sum multipliers) {
  const __m256i each = _mm256_or_si256(multipliers, _mm256_slli_epi32(multipliers, 16));
  return _mm256_add_epi32(sum, _mm256_madd_epi16(block, each));
}

}  // namespace
// clang-format off
#include "simd_quant.inc"
#include "simd_s4.inc"
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
