// Compiled with Advanced SIMD and its dot product; contains nothing but kernels.
#if defined(__aarch64__)
#include "kernels.h"
#include "vec_neon.h"

namespace nest::runtime {
namespace {

inline int32x4_t dot_bytes(int32x4_t acc, int8x16_t b, int8x16_t x) {
  return vdotq_s32(acc, b, x);
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

const Kernels* kernels_neon_dot() {
  static constinit const Kernels table = make_table();
  return &table;
}

}  // namespace nest::runtime
#else
#include "kernels.h"
const nest::runtime::Kernels* nest::runtime::kernels_neon_dot() {
  return nullptr;
}
#endif
