#include "runtime/matmul.h"

#include <algorithm>

#include <fmt/format.h>

namespace nest::runtime {
namespace {

std::int64_t round_up(std::int64_t n, std::int64_t to) {
  return (n + to - 1) / to * to;
}

/// Rounded activations of m rows inside the scratch.
struct QuantScratch {
  std::uint8_t* codes;
  std::int32_t* sums;
  float* scales;
  std::int64_t ld;

  QuantScratch(void* scratch, std::int64_t m, std::int64_t k)
      : codes(static_cast<std::uint8_t*>(scratch)), ld(round_up(k, kPanel)) {
    sums = reinterpret_cast<std::int32_t*>(codes + m * ld);
    scales = reinterpret_cast<float*>(sums + round_up(m * (ld / kS4Block), 16));
  }
};

Epilogue slice(Epilogue e, std::int64_t n0) {
  if (e.bias != nullptr) e.bias += n0;
  if (e.residual != nullptr) e.residual += n0;
  return e;
}

void run_float(const Frame& f, const PackedMatrix& w, GemmArgs g, std::int64_t n0,
               std::int64_t n1) {
  const std::int64_t panel = n0 / kPanel;
  g.epilogue = slice(g.epilogue, n0);
  g.c += n0;
  g.n = static_cast<int>(n1 - n0);
  if (w.is_sparse()) {
    SparseWeights part = w.sparse;
    part.starts += n0 / kStrip;
    f.kernels->sparse_f32(g, part);
    return;
  }
  switch (w.precision) {
    case Precision::kFp16:
      g.b = w.data + panel * w.k * kPanel * 2;
      f.kernels->gemm_f16(g);
      break;
    case Precision::kBf16:
      g.b = w.data + panel * round_up(w.k, 2) * kPanel * 2;
      f.kernels->gemm_bf16(g);
      break;
    default:
      g.b = w.data + panel * w.k * kPanel * 4;
      f.kernels->gemm_f32(g);
  }
}

void run_quant(const Frame& f, const PackedMatrix& w, QuantGemmArgs g, std::int64_t n0,
               std::int64_t n1) {
  const std::int64_t panel = n0 / kPanel;
  g.epilogue = slice(g.epilogue, n0);
  g.c += n0;
  g.n = static_cast<int>(n1 - n0);
  if (w.precision == Precision::kInt8) {
    g.b_scale = w.scale + n0;
    g.b_sum = w.sum + n0;
    if (w.is_sparse()) {
      SparseWeights part = w.sparse;
      part.starts += n0 / kStrip;
      f.kernels->sparse_s8(g, part);
      return;
    }
    g.b = w.data + panel * round_up(w.k, 4) * kPanel;
    const Kernels& kernels = *f.kernels;
    const bool is_many = kernels.many_rows > 0 && g.m >= kernels.many_rows;
    (is_many ? kernels.gemm_s8_many : kernels.gemm_s8)(g);
  } else {
    g.b = w.data + panel * (round_up(w.k, kS4Block) / kS4Block) * kS4BlockBytes;
    f.kernels->gemm_s4(g);
  }
}

}  // namespace

std::int64_t MatMul::scratch_bytes(const PackedMatrix& w, std::int64_t m) {
  switch (w.precision) {
    case Precision::kFp32:
    case Precision::kFp16:
      return 0;
    case Precision::kBf16:
      return m * round_up(w.k, 2) * 2;
    default: {
      const std::int64_t ld = round_up(w.k, kPanel);
      return m * ld + round_up(m * (ld / kS4Block), 16) * 4 + m * 4;
    }
  }
}

std::string what_runs(const MatMul& product) {
  const Precision precision = product.weight.precision;
  std::string text(name_of(precision));
  if (graph::is_integer(precision) && product.activation.fixed > 0) text += " static";
  const PackedMatrix& w = product.weight;
  if (w.is_sparse())
    text += fmt::format(" sparse {:.0f} %", 100 * w.products / (static_cast<double>(w.n) * w.k));
  return text;
}

void MatMul::round(const Frame& frame, const Operands& o) const noexcept {
  const Kernels& kernels = *frame.kernels;
  activation.show(o.x, o.m, weight.k, o.ldx);
  if (graph::is_integer(weight.precision)) {
    const QuantScratch q(o.scratch, o.m, weight.k);
    const bool is_s4 = weight.precision == Precision::kInt4;
    const auto padded = static_cast<int>(round_up(weight.k, is_s4 ? kS4Block : 4));
    for (std::int64_t r = 0; r < o.m; ++r) {
      q.scales[r] = kernels.quantize_row(o.x + r * o.ldx, weight.k, padded, activation.fixed,
                                         q.codes + r * q.ld);
      if (is_s4)
        kernels.signed_blocks(q.codes + r * q.ld, padded, q.sums + r * (padded / kS4Block));
    }
  } else if (weight.precision == Precision::kBf16) {
    auto* rounded = static_cast<std::uint16_t*>(o.scratch);
    const auto padded = static_cast<int>(round_up(weight.k, 2));
    for (std::int64_t r = 0; r < o.m; ++r)
      kernels.bf16_row(o.x + r * o.ldx, weight.k, padded, rounded + r * padded);
  }
}

void MatMul::multiply(const Frame& frame, const Operands& o, std::int64_t begin,
                      std::int64_t end) const noexcept {
  const Epilogue epilogue{bias, nullptr, act, alpha, o.residual, o.ld_residual};
  if (graph::is_integer(weight.precision)) {
    const QuantScratch q(o.scratch, o.m, weight.k);
    QuantGemmArgs g;
    g.m = static_cast<int>(o.m);
    g.k = weight.k;
    g.a = q.codes;
    g.lda = q.ld;
    g.a_scale = q.scales;
    g.a_sum = q.sums;
    g.is_reversed = o.is_reversed;
    g.c = o.y;
    g.ldc = o.ldy;
    g.epilogue = epilogue;
    run_quant(frame, weight, g, begin, end);
    return;
  }
  GemmArgs g;
  g.m = static_cast<int>(o.m);
  g.k = weight.k;
  g.a = o.x;
  g.lda = o.ldx;
  g.c = o.y;
  g.ldc = o.ldy;
  g.epilogue = epilogue;
  if (weight.precision == Precision::kBf16) {
    g.a_bf16 = static_cast<const std::uint16_t*>(o.scratch);
    g.lda = round_up(weight.k, 2);
  }
  run_float(frame, weight, g, begin, end);
}

void MatMul::run(const Frame& frame, const Operands& o, int parts) const noexcept {
  round(frame, o);
  const std::int64_t n = weight.n, panels = (n + kPanel - 1) / kPanel;
  const std::int64_t tasks = std::min<std::int64_t>(parts, panels);
  const auto part = [&](int i) {
    multiply(frame, o, panels * i / tasks * kPanel, std::min(n, panels * (i + 1) / tasks * kPanel));
  };
  tasks <= 1 ? part(0) : frame.pool->run(static_cast<int>(tasks), part);
}

}  // namespace nest::runtime
