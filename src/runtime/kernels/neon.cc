// Compiled with Advanced SIMD; contains nothing but kernels.
#if defined(__aarch64__)
#include "kernels.h"
#include "vec_neon.h"

namespace nest::runtime {
namespace {

// Products fit 16 bits; sums of two are widened.
inline int32x4_t dot_bytes(int32x4_t acc, int8x16_t b, int8x16_t x) {
  const int32x4_t low = vpaddlq_s16(vmull_s8(vget_low_s8(b), vget_low_s8(x)));
  const int32x4_t high = vpaddlq_s16(vmull_high_s8(b, x));
  return vaddq_s32(acc, vpaddq_s32(low, high));
}

}  // namespace
// In the order of their dependence:
// clang-format off
#include "simd_math.inc"
#include "simd_passes.inc"
#include "simd_gemm.inc"
#include "simd_bf16.inc"
#include "simd_quant_neon.inc"
#include "simd_quant.inc"
#include "simd_s4.inc"
#include "simd_conv_s8.inc"
#include "simd_sparse.inc"
#include "simd_rows.inc"
// clang-format on

const Kernels* kernels_neon() {
  static constinit const Kernels table = make_table();
  return &table;
}

}  // namespace nest::runtime
#else
#include "kernels.h"
const nest::runtime::Kernels* nest::runtime::kernels_neon() {
  return nullptr;
}
#endif
