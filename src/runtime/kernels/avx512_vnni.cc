// Compiled with AVX-512 F, BW, DQ, VL, VNNI, BF16, FMA and F16C; contains nothing but kernels.
#if defined(__x86_64__)
#include "kernels.h"
#include "vec_avx512.h"

namespace nest::runtime {
// In the order of their dependence:
// clang-format off
#include "simd_math.inc"
#include "simd_gemm.inc"
// clang-format on

namespace {

constexpr int kQRows = 6, kQCols = 4, kQColsOne = 4, kQ4Rows = 2, kQ4Cols = 4;
constexpr int kSparseRows = 6, kSparseQRows = 14;
using QB = __m512i;
using QX = __m512i;
using QAcc = __m512i;

inline QAcc q_zero() {
  return _mm512_setzero_si512();
}
inline QB q_weights(const std::int8_t* p) {
  return _mm512_loadu_si512(p);
}
inline void q_nibbles(const std::uint8_t* p, QB& low, QB& high) {
  const __m512i mask = _mm512_set1_epi8(15);
  const __m512i raw = _mm512_loadu_si512(p);
  low = _mm512_and_si512(raw, mask);
  high = _mm512_and_si512(_mm512_srli_epi16(raw, 4), mask);
}
inline QX q_unsigned(const std::uint8_t* p) {
  int four;
  __builtin_memcpy(&four, p, sizeof four);
  return _mm512_set1_epi32(four);
}
inline QX q_signed(const std::uint8_t* p) {
  unsigned four;
  __builtin_memcpy(&four, p, sizeof four);
  return _mm512_set1_epi32(static_cast<int>(four ^ 0x80808080u));
}
inline QB q_samples(const std::uint8_t* p) {
  return _mm512_loadu_si512(p);
}
inline QX q_four(const std::int8_t* p) {
  int four;
  __builtin_memcpy(&four, p, sizeof four);
  return _mm512_set1_epi32(four);
}
// As assembly: GCC 12 copies and spills every accumulator around its intrinsics for these two.
inline __m512i dot_bytes(__m512i acc, __m512i u, __m512i s) {
  asm("vpdpbusd %2, %1, %0" : "+v"(acc) : "v"(u), "v"(s));
  return acc;
}
inline V dot_bf16(V acc, __m512i x, __m512i b) {
  asm("vdpbf16ps %2, %1, %0" : "+v"(acc) : "v"(x), "v"(b));
  return acc;
}
inline QAcc q_dot(QAcc acc, QB b, QX x) {
  return dot_bytes(acc, x, b);
}
inline QAcc q_dot_u(QAcc acc, QB b, QX x) {
  return dot_bytes(acc, b, x);
}
inline V q_float(QAcc acc, const std::int32_t* sum) {
  return _mm512_cvtepi32_ps(_mm512_sub_epi32(acc, _mm512_loadu_si512(sum)));
}
inline V q_float_s4(QAcc acc, std::int32_t sum) {
  return _mm512_cvtepi32_ps(_mm512_sub_epi32(acc, _mm512_set1_epi32(sum)));
}
inline V q_float_row(QAcc acc, std::int32_t sum) {
  return q_float_s4(acc, sum);
}

template <int R>
void bf16_tile(const GemmArgs& g, int m0, int n0, int n) {
  const int pairs = (g.k + 1) / 2;
  const auto* b = static_cast<const std::uint16_t*>(g.b) +
                  n0 / kPanel * (static_cast<std::int64_t>(pairs) * kPanel * 2);
  const std::uint16_t* a = g.a_bf16 + m0 * g.lda;
  V acc[R][4];
  for (int r = 0; r < R; ++r)
    for (int v = 0; v < 4; ++v) acc[r][v] = v_set(0.0f);
  for (int k = 0; k < pairs; ++k) {
    fetch_ahead<R, kPanel * 4>(b + k * kPanel * 2);
    __m512i bv[4];
    for (int v = 0; v < 4; ++v) bv[v] = _mm512_loadu_si512(b + (k * kPanel + v * kW) * 2);
    for (int r = 0; r < R; ++r) {
      int pair;
      __builtin_memcpy(&pair, a + r * g.lda + 2 * k, sizeof pair);
      const __m512i x = _mm512_set1_epi32(pair);
      for (int v = 0; v < 4; ++v) acc[r][v] = dot_bf16(acc[r][v], x, bv[v]);
    }
  }
  for (int r = 0; r < R; ++r)
    for (int v = 0; v * kW < n; ++v) {
      const int count = n - v * kW < kW ? n - v * kW : kW;
      const V y = add_bias(g.epilogue, acc[r][v], m0 + r, n0 + v * kW, count);
      v_put(g.c + (m0 + r) * g.ldc + n0 + v * kW, y, count);
    }
  if (needs_finish(g.epilogue)) finish_tile(g.epilogue, g.c, g.ldc, R, m0, n0, n);
}

void gemm_bf16(const GemmArgs& g) {
  for (int n0 = 0; n0 < g.n; n0 += kPanel) {
    const int n = g.n - n0 < kPanel ? g.n - n0 : kPanel;
    by_rows<6>(g.m, [&](int rows, int m0) {
      switch (rows) {
        case 1:
          bf16_tile<1>(g, m0, n0, n);
          break;
        case 2:
          bf16_tile<2>(g, m0, n0, n);
          break;
        case 3:
          bf16_tile<3>(g, m0, n0, n);
          break;
        case 4:
          bf16_tile<4>(g, m0, n0, n);
          break;
        case 5:
          bf16_tile<5>(g, m0, n0, n);
          break;
        default:
          bf16_tile<6>(g, m0, n0, n);
          break;
      }
    });
  }
}

}  // namespace
// clang-format off
#include "simd_quant.inc"
#include "simd_conv_s8.inc"
#include "simd_sparse.inc"
#include "simd_rows.inc"
// clang-format on

const Kernels* kernels_avx512_vnni() {
  static constinit const Kernels table = make_table();
  return &table;
}

}  // namespace nest::runtime
#else
#include "kernels.h"
const nest::runtime::Kernels* nest::runtime::kernels_avx512_vnni() {
  return nullptr;
}
#endif
