// Compiled with AVX-512 F, BW, DQ, VL, VNNI, BF16, FMA and F16C; contains nothing but kernels.
#if defined(__x86_64__)
#include "kernels.h"
#include "vec_avx512.h"

namespace nest::runtime {
// In the order of their dependence:
// clang-format off
#include "simd_math.inc"
#include "simd_passes.inc"
#include "simd_gemm.inc"
#include "simd_quant_vnni512.inc"
// clang-format on

namespace {

// As assembly, see dot_bytes.
inline V dot_bf16(V acc, __m512i x, __m512i b) {
  asm("vdpbf16ps %2, %1, %0" : "+v"(acc) : "v"(x), "v"(b));
  return acc;
}

template <int R>
void bf16_tile(const GemmArgs& g, int m0, int n0, int n, const Pass& pass) {
  const int pairs = (g.k + 1) / 2;
  const auto* b = static_cast<const std::uint16_t*>(g.b) +
                  n0 / kPanel * (static_cast<std::int64_t>(pairs) * kPanel * 2);
  const std::uint16_t* a = g.a_bf16 + m0 * g.lda;
  const Ahead ahead(b, kPanel * 4, pass);
  V acc[R][4];
  for (int r = 0; r < R; ++r)
    for (int v = 0; v < 4; ++v) acc[r][v] = v_set(0.0f);
  for (int k = 0; k < pairs; ++k) {
    if constexpr (R == 1) {
      fetch_ahead<R, kPanel * 4>(b + k * kPanel * 2);
    } else {
      ahead.fetch(k);
    }
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
    by_passes<6>(g.m, {0, 1, 0, 1, 0, (g.k + 1) / 2}, [&](int rows, int m0, const Pass& pass) {
      switch (rows) {
        case 1:
          bf16_tile<1>(g, m0, n0, n, pass);
          break;
        case 2:
          bf16_tile<2>(g, m0, n0, n, pass);
          break;
        case 3:
          bf16_tile<3>(g, m0, n0, n, pass);
          break;
        case 4:
          bf16_tile<4>(g, m0, n0, n, pass);
          break;
        case 5:
          bf16_tile<5>(g, m0, n0, n, pass);
          break;
        default:
          bf16_tile<6>(g, m0, n0, n, pass);
          break;
      }
    });
  }
}

}  // namespace
// clang-format off
#include "simd_quant.inc"
#include "simd_s4.inc"
#include "simd_conv_s8.inc"
#include "simd_sparse.inc"
#include "simd_rows.inc"
// clang-format on

const Kernels* kernels_avx512_bf16() {
  static constinit const Kernels table = make_table();
  return &table;
}

}  // namespace nest::runtime
#else
#include "kernels.h"
const nest::runtime::Kernels* nest::runtime::kernels_avx512_bf16() {
  return nullptr;
}
#endif
