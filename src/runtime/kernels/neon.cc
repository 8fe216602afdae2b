// Compiled with Advanced SIMD and its dot product; contains nothing but kernels.
#if defined(__aarch64__)
#include "kernels.h"
#include "vec_neon.h"

namespace nest::runtime {
// In the order of their dependence:
// clang-format off
#include "simd_math.inc"
#include "simd_gemm.inc"
#include "simd_bf16.inc"
// clang-format on

namespace {

// The dot product is signed by signed, so activations lose their offset of 128 on the way in and
// the column sums are not needed.
constexpr int kQRows = 4, kQCols = 4, kQColsOne = 8, kQ4Rows = 2, kQ4Cols = 2;
constexpr int kSparseRows = 1, kSparseQRows = 4;
using QB = int8x16_t;
using QX = int8x16_t;
using QAcc = int32x4_t;

inline QAcc q_zero() {
  return vdupq_n_s32(0);
}
inline QB q_weights(const std::int8_t* p) {
  return vld1q_s8(p);
}
inline void q_nibbles(const std::uint8_t* p, QB& low, QB& high) {
  const uint8x16_t raw = vld1q_u8(p);
  low = vreinterpretq_s8_u8(vandq_u8(raw, vdupq_n_u8(15)));
  high = vreinterpretq_s8_u8(vshrq_n_u8(raw, 4));
}
inline QX q_signed(const std::uint8_t* p) {
  std::uint32_t four;
  __builtin_memcpy(&four, p, sizeof four);
  return vreinterpretq_s8_u32(vdupq_n_u32(four ^ 0x80808080u));
}
inline QX q_unsigned(const std::uint8_t* p) {
  return q_signed(p);
}
inline QB q_samples(const std::uint8_t* p) {
  return vreinterpretq_s8_u8(veorq_u8(vld1q_u8(p), vdupq_n_u8(0x80)));
}
inline QX q_four(const std::int8_t* p) {
  std::uint32_t four;
  __builtin_memcpy(&four, p, sizeof four);
  return vreinterpretq_s8_u32(vdupq_n_u32(four));
}
inline QAcc q_dot(QAcc acc, QB b, QX x) {
  return vdotq_s32(acc, b, x);
}
inline QAcc q_dot_u(QAcc acc, QB b, QX x) {
  return vdotq_s32(acc, b, x);
}
inline V q_float(QAcc acc, const std::int32_t*) {
  return vcvtq_f32_s32(acc);
}
inline V q_float_s4(QAcc acc, std::int32_t sum) {
  return vcvtq_f32_s32(vsubq_s32(acc, vdupq_n_s32(sum)));
}
inline V q_float_row(QAcc acc, std::int32_t) {
  return vcvtq_f32_s32(acc);
}

}  // namespace
// clang-format off
#include "simd_quant.inc"
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
