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

constexpr int kQRows = 2, kQCols = 4, kQColsOne = 4, kQ4Cols = 4;
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
inline V q_float_row(QAcc acc, std::int32_t sum) {
  return static_cast<V>(acc - sum);
}

using Q4 = Four;
using Q4X = Four;
using Q4Block = std::int32_t;
using Q4Sum = std::int32_t;
using Q4Spread = std::int32_t;

inline Q4Sum q4_zero() {
  return 0;
}
inline Q4Block q4_start() {
  return 0;
}
inline std::int32_t low_code(std::uint8_t byte) {
  return ((byte & 15) ^ 8) - 8;
}
inline std::int32_t high_code(std::uint8_t byte) {
  return ((byte >> 4) ^ 8) - 8;
}
inline void q4_codes(const std::uint8_t* p, Q4& low, Q4& high) {
  low = {{low_code(p[0]), low_code(p[1]), low_code(p[2]), low_code(p[3])}};
  high = {{high_code(p[0]), high_code(p[1]), high_code(p[2]), high_code(p[3])}};
}
inline Q4X q4_four(const std::uint8_t* p) {
  return q_unsigned(p);
}
inline Q4Block q4_dot(Q4Block block, const Q4& codes, const Q4X& x) {
  return q_dot(block, codes, x);
}
inline void q4_multipliers(const std::uint8_t* p, Q4Sum& first, Q4Sum& second) {
  first = *p & 15;
  second = *p >> 4;
}
inline Q4Sum q4_add(Q4Sum sum, Q4Block block, Q4Sum multipliers) {
  return sum + block * multipliers;
}
inline V q4_float(Q4Sum acc, const std::int32_t* sum) {
  return q_float(acc, sum);
}
inline void q4_spread(const std::uint8_t* p, Q4Spread& first, Q4Spread& second) {
  q4_multipliers(p, first, second);
}
inline void q4_bytes(const std::uint8_t* p, Q4Spread k, std::int8_t* low, std::int8_t* high) {
  for (int i = 0; i < 4; ++i) {
    low[i] = static_cast<std::int8_t>(low_code(p[i]) * k);
    high[i] = static_cast<std::int8_t>(high_code(p[i]) * k);
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

const Kernels* kernels_generic() {
  static constinit const Kernels table = make_table();
  return &table;
}

}  // namespace nest::runtime
