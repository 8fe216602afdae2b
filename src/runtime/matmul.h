#pragma once

#include <cstdint>
#include <string>

#include "runtime/activation.h"
#include "runtime/program.h"
#include "runtime/weights.h"

namespace nest::runtime {

/// y [m, n] = epilogue(x [m, k] W^T) in the precision of W.
///
/// Columns may be split over `parts` tasks of the pool; the result is the same for any number.
struct MatMul {
  PackedMatrix weight;
  const float* bias = nullptr;
  Act act = Act::kNone;
  float alpha = 1;
  ActivationScale activation;

  /// Bytes of scratch that run() needs for m rows: rounded activations, and for several rows by
  /// int4 weights a panel of these as codes of 8 bits for every part.
  static std::int64_t scratch_bytes(const PackedMatrix& weight, std::int64_t m, int parts);

  struct Operands {
    std::int64_t m = 0;
    const float* x = nullptr;
    std::int64_t ldx = 0;
    float* y = nullptr;
    std::int64_t ldy = 0;
    const float* residual = nullptr;
    std::int64_t ld_residual = 0;
    void* scratch = nullptr;
    bool is_reversed = false;  ///< walk the weights backwards
  };
  void run(const Frame& frame, const Operands& o, int parts) const noexcept;

  /// The two halves of run(): x rounded into the scratch as the precision wants, then columns
  /// [begin, end) of the product, `begin` a multiple of kPanel. For who splits the work himself;
  /// what runs at the same time are different parts.
  void round(const Frame& frame, const Operands& o) const noexcept;
  void multiply(const Frame& frame, const Operands& o, std::int64_t begin, std::int64_t end,
                int part) const noexcept;
};
/// "int8", "int8 static", "fp32 sparse 25 %" (of the blocks are there)
std::string what_runs(const MatMul& product);

}  // namespace nest::runtime
