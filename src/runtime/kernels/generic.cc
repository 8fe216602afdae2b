// The portable kernels: vectors of one element, so that the shared sources read as plain loops.
#include "kernels.h"
#include "vec_scalar.h"

namespace nest::runtime {
// In the order of their dependence:
// clang-format off
#include "simd_math.inc"
#include "simd_passes.inc"
#include "simd_gemm.inc"
#include "simd_bf16.inc"
// clang-format on

namespace {

constexpr int kQRows = 2, kQCols = 4, kQColsOne = 4, kQ4Rows = 2, kQ4Cols = 4, kQ4ColsOne = 4;
constexpr int kSparseRows = 1, kSparseQRows = 2;
struct Four {
  std::int32_t v[4];
};
using QB = Four;
using QX = Four;
using QAcc = std::int32_t;

inline QAcc q_zero() {
  return 0;
}
inline QB q_weights(const std::int8_t* p) {
  return {{p[0], p[1], p[2], p[3]}};
}
inline void q_nibbles(const std::uint8_t* p, QB& low, QB& high) {
  low = {{p[0] & 15, p[1] & 15, p[2] & 15, p[3] & 15}};
  high = {{p[0] >> 4, p[1] >> 4, p[2] >> 4, p[3] >> 4}};
}
inline QX q_unsigned(const std::uint8_t* p) {
  return {{p[0], p[1], p[2], p[3]}};
}
inline QB q_samples(const std::uint8_t* p) {
  return {{p[0], p[1], p[2], p[3]}};
}
inline QX q_four(const std::int8_t* p) {
  return {{p[0], p[1], p[2], p[3]}};
}
inline QAcc q_dot(QAcc acc, const QB& b, const QX& x) {
  return acc + b.v[0] * x.v[0] + b.v[1] * x.v[1] + b.v[2] * x.v[2] + b.v[3] * x.v[3];
}
inline QAcc q_dot_u(QAcc acc, const QB& b, const QX& x) {
  return q_dot(acc, b, x);
}
inline V q_float(QAcc acc, const std::int32_t* sum) {
  return static_cast<V>(acc - *sum);
}
inline V q_float_s4(QAcc acc, std::int32_t sum) {
  return static_cast<V>(acc - sum);
}
inline V q_float_row(QAcc acc, std::int32_t sum) {
  return static_cast<V>(acc - sum);
}

}  // namespace
// clang-format off
#include "simd_quant.inc"
#include "simd_conv_s8.inc"
#include "simd_sparse.inc"
#include "simd_rows.inc"
// clang-format on

const Kernels* kernels_generic() {
  static constinit const Kernels table = make_table();
  return &table;
}

}  // namespace nest::runtime
