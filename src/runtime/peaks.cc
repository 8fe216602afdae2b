#include "nest/runtime/peaks.h"

#include <algorithm>
#include <chrono>

#include "nest/core/json.h"
#include "runtime/arena.h"
#include "runtime/measured_kernels.h"
#include "runtime/timed_product.h"

namespace nest::runtime {
namespace {

constexpr int kPeakRows = 12;
constexpr int kRowsS8 = 48;  // whole tiles of dot products and of matrix units
// Weights of 24 KiB: all operands stay in the first-level cache, and a tile is long enough to
// start.
constexpr int kDepthF32 = 96, kDepthBf16 = 192, kDepthS8 = 384;
constexpr int kPeakTries = 50;  // short ones: most fit between two interruptions
constexpr double kPeakTryS = 5e-4;

/// Seconds of one call, the best of a few tries.
template <class F>
double best_seconds(const F& call) {
  using Clock = std::chrono::steady_clock;
  double best = 1e9;
  for (int i = 0; i < kPeakTries; ++i) {
    const auto begin = Clock::now();
    double spent = 0;
    int calls = 0;
    for (; spent < kPeakTryS; spent = std::chrono::duration<double>(Clock::now() - begin).count()) {
      call();
      ++calls;
    }
    best = std::min(best, spent / calls);
  }
  return best;
}

double peak_gmacs(int depth, double seconds, int rows = kPeakRows) {
  return rows * depth * kPanel / seconds * 1e-9;
}

}  // namespace

Peaks measure_peaks(Isa isa) {
  const Kernels& kernels = kernels_for(isa);
  const AlignedArray<float> a(kPeakRows * kDepthF32, 0.5f), b(kDepthF32 * kPanel, 0.25f),
      c(kPeakRows * kPanel);
  GemmArgs g;
  g.m = kPeakRows;
  g.n = kPanel;
  g.k = kDepthF32;
  g.a = a.data();
  g.lda = kDepthF32;
  g.b = b.data();
  g.c = c.data();
  g.ldc = kPanel;
  Peaks peaks;
  peaks.f32_gmacs = peak_gmacs(kDepthF32, best_seconds([&] { kernels.gemm_f32(g); }));
  const AlignedArray<std::uint16_t> a16(kPeakRows * kDepthBf16), b16(kDepthBf16 * kPanel);
  g.k = kDepthBf16;
  g.lda = kDepthBf16;
  g.a_bf16 = a16.data();
  g.b = b16.data();
  peaks.bf16_gmacs = peak_gmacs(kDepthBf16, best_seconds([&] { kernels.gemm_bf16(g); }));

  const TimedProduct product(kRowsS8, kPanel, kDepthS8);
  peaks.s8_gmacs =
      peak_gmacs(kDepthS8, best_seconds([&] { kernels.gemm_s8(product.args); }), kRowsS8);
  return peaks;
}

Json to_json(const Peaks& peaks) {
  return {{"f32_gmacs", peaks.f32_gmacs},
          {"bf16_gmacs", peaks.bf16_gmacs},
          {"s8_gmacs", peaks.s8_gmacs}};
}

double measure_weight_reading(Isa isa, std::size_t bytes) {
  const Kernels& kernels = measured_kernels(isa);  // one row is rarely for matrix units
  constexpr int kK = 512;
  const std::size_t panels = std::max<std::size_t>(1, bytes / (kK * kPanel));
  const std::size_t columns = panels * kPanel;
  const TimedProduct product(1, static_cast<int>(columns), kK);
  return static_cast<double>(columns * kK) / best_seconds([&] { kernels.gemm_s8(product.args); }) *
         1e-9;
}

}  // namespace nest::runtime
