#include "nest/runtime/peaks.h"

#include <algorithm>
#include <chrono>

#include "nest/core/json.h"
#include "runtime/arena.h"
#include "runtime/measured_kernels.h"

namespace nest::runtime {
namespace {

constexpr int kRows = 12;
constexpr int kRowsS8 = 48;  // whole tiles of dot products and of matrix units
// Weights of 24 KiB: all operands stay in the first-level cache, and a tile is long enough to
// start.
constexpr int kDepthF32 = 96, kDepthBf16 = 192, kDepthS8 = 384;
constexpr int kTries = 50;  // short ones: most fit between two interruptions
constexpr double kTryS = 5e-4;

/// Seconds of one call, the best of a few tries.
template <class F>
double best_seconds(const F& call) {
  using Clock = std::chrono::steady_clock;
  double best = 1e9;
  for (int i = 0; i < kTries; ++i) {
    const auto begin = Clock::now();
    double spent = 0;
    int calls = 0;
    for (; spent < kTryS; spent = std::chrono::duration<double>(Clock::now() - begin).count()) {
      call();
      ++calls;
    }
    best = std::min(best, spent / calls);
  }
  return best;
}

double gmacs(int depth, double seconds, int rows = kRows) {
  return rows * depth * kPanel / seconds * 1e-9;
}

}  // namespace

Peaks measure_peaks(Isa isa) {
  const Kernels& kernels = kernels_for(isa);
  const AlignedArray<float> a(kRows * kDepthF32, 0.5f), b(kDepthF32 * kPanel, 0.25f),
      c(kRowsS8 * kPanel);
  GemmArgs g;
  g.m = kRows;
  g.n = kPanel;
  g.k = kDepthF32;
  g.a = a.data();
  g.lda = kDepthF32;
  g.b = b.data();
  g.c = c.data();
  g.ldc = kPanel;
  Peaks peaks;
  peaks.f32_gmacs = gmacs(kDepthF32, best_seconds([&] { kernels.gemm_f32(g); }));
  const AlignedArray<std::uint16_t> a16(kRows * kDepthBf16), b16(kDepthBf16 * kPanel);
  g.k = kDepthBf16;
  g.lda = kDepthBf16;
  g.a_bf16 = a16.data();
  g.b = b16.data();
  peaks.bf16_gmacs = gmacs(kDepthBf16, best_seconds([&] { kernels.gemm_bf16(g); }));

  const AlignedArray<std::uint8_t> codes(kRowsS8 * kDepthS8, 130), weights(kDepthS8 * kPanel, 1);
  const AlignedArray<float> scales(kPanel, 1);
  const AlignedArray<std::int32_t> sums(kPanel);
  QuantGemmArgs q;
  q.m = kRowsS8;
  q.n = kPanel;
  q.k = kDepthS8;
  q.a = codes.data();
  q.lda = kDepthS8;
  q.a_scale = scales.data();
  q.b = weights.data();
  q.b_scale = scales.data();
  q.b_sum = sums.data();
  q.c = c.data();
  q.ldc = kPanel;
  peaks.s8_gmacs = gmacs(kDepthS8, best_seconds([&] { kernels.gemm_s8(q); }), kRowsS8);
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
  const AlignedArray<std::uint8_t> weights(columns * kK, 1), codes(kK, 130);
  const AlignedArray<float> scales(columns, 1), c(columns);
  const AlignedArray<std::int32_t> sums(columns);
  const float scale = 1;
  QuantGemmArgs q;
  q.m = 1;
  q.n = static_cast<int>(columns);
  q.k = kK;
  q.a = codes.data();
  q.lda = kK;
  q.a_scale = &scale;
  q.b = weights.data();
  q.b_scale = scales.data();
  q.b_sum = sums.data();
  q.c = c.data();
  q.ldc = static_cast<std::int64_t>(columns);
  return static_cast<double>(columns * kK) / best_seconds([&] { kernels.gemm_s8(q); }) * 1e-9;
}

}  // namespace nest::runtime
