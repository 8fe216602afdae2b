#include "runtime/matmul.h"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/round_up.h"

namespace nest::runtime {
namespace {

/// Rounded activations of m rows inside the scratch.
struct QuantScratch {
  std::uint8_t* codes;
  float* scales;
  std::int64_t ld;

  QuantScratch(void* scratch, std::int64_t m, std::int64_t k)
      : codes(static_cast<std::uint8_t*>(scratch)), ld(round_up(k, kPanel)) {
    scales = reinterpret_cast<float*>(codes + m * ld);
  }
  static std::int64_t bytes(std::int64_t m, std::int64_t k) {
    return m * round_up(k, kPanel) + round_up(m * 4, kPanel);
  }
};

/// A panel of int4 weights as codes of 8 bits, of which every part of a product of several rows has
/// one behind the activations.
std::int64_t panel_bytes(const PackedMatrix& w, std::int64_t m) {
  return w.has_nibbles() && m > 1 ? round_up(w.k, kS4Block) * kPanel : 0;
}

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

QuantGemmArgs columns(const PackedMatrix& w, QuantGemmArgs g, std::int64_t n0, std::int64_t n1) {
  g.epilogue = slice(g.epilogue, n0);
  g.c += n0;
  g.n = static_cast<int>(n1 - n0);
  g.b_scale = w.scale + n0;
  g.b_sum = w.sum + n0;
  return g;
}

void gemm_s8(const Kernels& kernels, const QuantGemmArgs& g) {
  const bool is_many = kernels.many_rows > 0 && g.m >= kernels.many_rows;
  (is_many ? kernels.gemm_s8_many : kernels.gemm_s8)(g);
}

/// Several rows by int4 weights: panel after panel becomes one of 8 bits.
void run_panels(const Frame& f, const PackedMatrix& w, const QuantGemmArgs& all, std::int64_t n0,
                std::int64_t n1, std::int8_t* unpacked) {
  const std::int64_t blocks = round_up(w.k, kS4Block) / kS4Block;
  for (std::int64_t begin = n0; begin < n1; begin += kPanel) {
    f.kernels->unpack_s4(w.data + begin / kPanel * blocks * kS4BlockBytes, static_cast<int>(blocks),
                         unpacked);
    QuantGemmArgs g = columns(w, all, begin, std::min(n1, begin + kPanel));
    g.b = unpacked;
    gemm_s8(*f.kernels, g);
  }
}

void run_quant(const Frame& f, const PackedMatrix& w, const QuantGemmArgs& all, std::int64_t n0,
               std::int64_t n1, std::int8_t* unpacked) {
  const std::int64_t panel = n0 / kPanel;
  QuantGemmArgs g = columns(w, all, n0, n1);
  if (w.is_sparse()) {
    SparseWeights part = w.sparse;
    part.starts += n0 / kStrip;
    f.kernels->sparse_s8(g, part);
  } else if (!w.has_nibbles()) {
    g.b = w.data + panel * round_up(w.k, 4) * kPanel;
    gemm_s8(*f.kernels, g);
  } else if (g.m == 1) {
    g.b = w.data + panel * (round_up(w.k, kS4Block) / kS4Block) * kS4BlockBytes;
    f.kernels->gemm_s4(g);
  } else {
    run_panels(f, w, all, n0, n1, unpacked);
  }
}

}  // namespace

std::int64_t MatMul::scratch_bytes(const PackedMatrix& w, std::int64_t m, int parts) {
  switch (w.precision) {
    case Precision::kFp32:
    case Precision::kFp16:
      return 0;
    case Precision::kBf16:
      return m * round_up(w.k, 2) * 2;
    default:
      return QuantScratch::bytes(m, w.k) + parts * panel_bytes(w, m);
  }
}

std::string what_runs(const MatMul& product) {
  const Precision precision = product.weight.precision;
  std::string text(name_of(precision));
  if (precision == Precision::kInt4 && product.weight.is_widened) text += " as int8";
  if (graph::is_integer(precision) && product.activation.fixed > 0) text += " static";
  const PackedMatrix& w = product.weight;
  if (w.is_sparse()) text += fmt::format(" sparse {:.0f} %", 100 * w.share());
  if (precision == Precision::kInt8 && w.is_widened) text += " with its zeros";
  return text;
}

void MatMul::round(const Frame& frame, const Operands& o) const noexcept {
  const Kernels& kernels = *frame.kernels;
  activation.show(o.x, o.m, weight.k, o.ldx);
  if (graph::is_integer(weight.precision)) {
    const QuantScratch q(o.scratch, o.m, weight.k);
    const auto padded =
        static_cast<int>(round_up(weight.k, weight.precision == Precision::kInt4 ? kS4Block : 4));
    for (std::int64_t r = 0; r < o.m; ++r)
      q.scales[r] = kernels.quantize_row(o.x + r * o.ldx, weight.k, padded, activation.fixed,
                                         q.codes + r * q.ld);
  } else if (weight.precision == Precision::kBf16) {
    auto* rounded = static_cast<std::uint16_t*>(o.scratch);
    const auto padded = static_cast<int>(round_up(weight.k, 2));
    for (std::int64_t r = 0; r < o.m; ++r)
      kernels.bf16_row(o.x + r * o.ldx, weight.k, padded, rounded + r * padded);
  }
}

void MatMul::multiply(const Frame& frame, const Operands& o, std::int64_t begin, std::int64_t end,
                      int part) const noexcept {
  const Epilogue epilogue{bias, nullptr, act, alpha, o.residual, o.ld_residual};
  if (graph::is_integer(weight.precision)) {
    const QuantScratch q(o.scratch, o.m, weight.k);
    QuantGemmArgs g;
    g.m = static_cast<int>(o.m);
    g.k = weight.k;
    g.a = q.codes;
    g.lda = q.ld;
    g.a_scale = q.scales;
    g.is_reversed = o.is_reversed;
    g.c = o.y;
    g.ldc = o.ldy;
    g.epilogue = epilogue;
    auto* panels = static_cast<std::int8_t*>(o.scratch) + QuantScratch::bytes(o.m, weight.k);
    run_quant(frame, weight, g, begin, end, panels + part * panel_bytes(weight, o.m));
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
    multiply(frame, o, panels * i / tasks * kPanel, std::min(n, panels * (i + 1) / tasks * kPanel),
             i);
  };
  tasks <= 1 ? part(0) : frame.pool->run(static_cast<int>(tasks), part);
}

}  // namespace nest::runtime
