// Compiled with AVX-512 F, BW, DQ, VL, VNNI, FMA and F16C; contains nothing but kernels.
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
#include "simd_quant_vnni512.inc"
// clang-format on

// clang-format off
#include "simd_quant.inc"
#include "simd_s4.inc"
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
