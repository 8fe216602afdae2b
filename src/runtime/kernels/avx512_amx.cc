// Compiled with what avx512_bf16.cc is, and AMX on bytes; contains nothing but kernels.
#if defined(__x86_64__) && defined(__AMX_INT8__)
#include "kernels.h"
#include "vec_avx512.h"

namespace nest::runtime {
// In the order of their dependence:
// clang-format off
#include "simd_math.inc"
#include "simd_passes.inc"
#include "simd_quant_vnni512.inc"
// clang-format on

namespace {

// A tile has 16 rows of 64 bytes. A panel of weights is one of 16 columns wherever it is cut: 16
// groups of 4 k, 256 bytes apart.
constexpr int kTileRows = 16, kTileDepth = 64;
constexpr int kGroup = kPanel * 4, kTileGroups = kTileDepth / 4;

// Tiles of this thread while a product lasts: 0 to 3 are sums, 4 and 5 activations, of `rows` rows
// each, 6 and 7 weights.
class Tiles {
 public:
  explicit Tiles(int rows) {
    Shape shape;
    for (int t = 0; t < 8; ++t) {
      shape.row_bytes[t] = kTileDepth;
      shape.rows[t] = static_cast<std::uint8_t>(t < 6 ? rows : kTileGroups);
    }
    asm volatile("ldtilecfg %0" ::"m"(shape));
  }
  ~Tiles() { asm volatile("tilerelease"); }
  Tiles(const Tiles&) = delete;
  Tiles& operator=(const Tiles&) = delete;

 private:
  struct alignas(64) Shape {
    std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
    std::uint16_t row_bytes[16] = {};
    std::uint8_t rows[16] = {};
  };
};

// As assembly: the intrinsics of GCC 12 do not say which memory they read.
template <int T>
inline void t_zero() {
  asm volatile("tilezero %%tmm%c0" ::"i"(T));
}
template <int T>
inline void t_load(const void* from, std::int64_t row_bytes) {
  asm volatile("tileloadd (%1,%2,1), %%tmm%c0" ::"i"(T), "r"(from), "r"(row_bytes) : "memory");
}
template <int T>
inline void t_store(void* to, std::int64_t row_bytes) {
  asm volatile("tilestored %%tmm%c0, (%1,%2,1)" ::"i"(T), "r"(to), "r"(row_bytes) : "memory");
}
template <int Sum, int Unsigned, int Signed>
inline void t_dot() {
  asm volatile("tdpbusd %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(Sum), "i"(Unsigned), "i"(Signed));
}

// Rows in equal tiles of at most 16; the last begins early enough to be as high as the others.
struct RowTiles {
  int m, count, rows;

  explicit RowTiles(int m)
      : m(m), count((m + kTileRows - 1) / kTileRows), rows((m + count - 1) / count) {}
  int first(int tile) const { return tile + 1 < count ? tile * rows : m - rows; }
  int first_new(int tile) const { return tile * rows; }
};

// What a panel's products read: whole tiles of k, and what those leave of the weights, filled up
// with zeros so that it does not matter how activations go on there.
struct PanelOperands {
  const std::uint8_t* a;
  std::int64_t lda;
  const std::int8_t* b;
  const std::int8_t* rest;  // null if nothing is left
  int steps;
};

// R tiles of rows by N of columns: one row of tiles takes up to four, two take up to two.
template <int R, int N>
inline void add_step(const std::uint8_t* const (&a)[2], std::int64_t lda, const std::int8_t* b) {
  t_load<4>(a[0], lda);
  t_load<6>(b, kGroup);
  t_dot<0, 4, 6>();
  if constexpr (R == 2) {
    t_load<5>(a[1], lda);
    t_dot<2, 5, 6>();
  }
  if constexpr (N > 1) {
    t_load<7>(b + 64, kGroup);
    t_dot<1, 4, 7>();
    if constexpr (R == 2) t_dot<3, 5, 7>();
  }
  if constexpr (N > 2) {
    t_load<6>(b + 128, kGroup);
    t_dot<2, 4, 6>();
  }
  if constexpr (N > 3) {
    t_load<7>(b + 192, kGroup);
    t_dot<3, 4, 7>();
  }
}

// Sums [R][16][N * 16] of the rows from m0 and m1 on and the columns from `column` on.
template <int R, int N>
inline void sum_tiles(const PanelOperands& p, int m0, int m1, int column, const Ahead& ahead,
                      std::int32_t* sums) {
  const std::int8_t* b = p.b + column * 4;
  const std::uint8_t* a[2] = {p.a + m0 * p.lda, p.a + m1 * p.lda};
  t_zero<0>();
  t_zero<1>();
  t_zero<2>();
  t_zero<3>();
  for (int step = 0; step < p.steps; ++step) {
    ahead.fetch(step);
    add_step<R, N>(a, p.lda, b);
    b += kTileGroups * kGroup;
    a[0] += kTileDepth;
    a[1] += kTileDepth;
  }
  if (p.rest != nullptr) add_step<R, N>(a, p.lda, p.rest + column * 4);
  constexpr std::int64_t kRow = N * kW, kRowBytes = kRow * 4;
  t_store<0>(sums, kRowBytes);
  if constexpr (N > 1) t_store<1>(sums + kW, kRowBytes);
  if constexpr (R == 2) t_store<2>(sums + kTileRows * kRow, kRowBytes);
  if constexpr (R == 2 && N > 1) t_store<3>(sums + kTileRows * kRow + kW, kRowBytes);
  if constexpr (R == 1 && N > 2) t_store<2>(sums + 2 * kW, kRowBytes);
  if constexpr (R == 1 && N > 3) t_store<3>(sums + 3 * kW, kRowBytes);
}

// Rows [m0, end) of the result from their sums.
template <int N>
inline void put_rows(const QuantGemmArgs& g, const std::int32_t* sums, int m0, int end, int n0,
                     int n) {
  V scale[N], bias[N];
  const int last = n - (N - 1) * kW;
  for (int v = 0; v < N; ++v) {
    scale[v] = v_load(g.b_scale + n0 + v * kW);
    if (g.epilogue.bias != nullptr)
      bias[v] = v_get(g.epilogue.bias + n0 + v * kW, v == N - 1 ? last : kW);
  }
  for (int m = m0; m < end; ++m, sums += N * kW) {
    const V a_scale = v_set(g.a_scale[m]);
    float* out = g.c + m * g.ldc + n0;
    for (int v = 0; v < N; ++v) {
      const V sum = q_float(_mm512_loadu_si512(sums + v * kW), g.b_sum + n0 + v * kW);
      V y = v_mul(sum, v_mul(a_scale, scale[v]));
      if (g.epilogue.bias != nullptr) y = v_add(y, bias[v]);
      v_put(out + v * kW, y, v == N - 1 ? last : kW);
    }
  }
  if (needs_finish(g.epilogue)) finish_tile(g.epilogue, g.c, g.ldc, end - m0, m0, n0, n);
}

// Tiles of rows `tile` and, if R is 2, the one behind it.
template <int R, int N>
void multiply_tiles(const QuantGemmArgs& g, const RowTiles& rows, const PanelOperands& p, int tile,
                    int column, int n0, int n, const Ahead& ahead) {
  alignas(64) std::int32_t sums[R * kTileRows * N * kW];
  sum_tiles<R, N>(p, rows.first(tile), rows.first(tile + R - 1), column, ahead, sums);
  for (int i = 0; i < R; ++i) {
    const int first = rows.first(tile + i), first_new = rows.first_new(tile + i);
    put_rows<N>(g, sums + (i * kTileRows + first_new - first) * N * kW, first_new,
                first + rows.rows, n0, n);
  }
}
template <int R, int N>
inline void multiply_columns(int tiles, const QuantGemmArgs& g, const RowTiles& rows,
                             const PanelOperands& p, int tile, int column, int n0, int n,
                             const Ahead& ahead) {
  if constexpr (N > 0) {
    if (tiles == N) {
      multiply_tiles<R, N>(g, rows, p, tile, column, n0, n, ahead);
    } else {
      multiply_columns<R, N - 1>(tiles, g, rows, p, tile, column, n0, n, ahead);
    }
  }
}

// All rows times the `n` columns of a panel of s8 that lie in c from n0 on. Tiles are ready.
void multiply_panel(const QuantGemmArgs& g, const RowTiles& rows, const std::int8_t* panel, int n0,
                    int n) {
  const int groups = (g.k + 3) / 4, left = groups % kTileGroups;
  alignas(64) std::int8_t rest[kTileGroups * kGroup];
  PanelOperands p{g.a, g.lda, panel, nullptr, groups / kTileGroups};
  if (left > 0) {
    __builtin_memcpy(rest, panel + p.steps * (kTileGroups * kGroup),
                     static_cast<std::size_t>(left) * kGroup);
    __builtin_memset(rest + left * kGroup, 0,
                     static_cast<std::size_t>(kTileGroups - left) * kGroup);
    p.rest = rest;
  }
  const int pairs = rows.count / 2, is_odd = rows.count % 2;
  Pass pass{0, n > 2 * kW ? 2 : 1, 0, pairs + is_odd, 0, p.steps};
  const auto ahead = [&] { return Ahead(panel, kTileGroups * kGroup, pass); };
  for (int column = 0; column < n; column += 2 * kW, ++pass.strip) {
    const int width = n - column < 2 * kW ? n - column : 2 * kW;
    for (pass.tile = 0; pass.tile < pairs; ++pass.tile)
      multiply_columns<2, 2>((width + kW - 1) / kW, g, rows, p, 2 * pass.tile, column, n0 + column,
                             width, ahead());
  }
  if (is_odd == 0) return;
  pass = {0, 1, pairs, pairs + 1, 0, p.steps};
  multiply_columns<1, 4>((n + kW - 1) / kW, g, rows, p, 2 * pairs, 0, n0, n, ahead());
}

void gemm_s8(const QuantGemmArgs& g) {
  if (g.m <= 0) return;
  const RowTiles rows(g.m);
  const Tiles tiles(rows.rows);
  const int panels = (g.n + kPanel - 1) / kPanel;
  const std::int64_t panel_bytes = static_cast<std::int64_t>((g.k + 3) / 4) * kGroup;
  for (int i = 0; i < panels; ++i) {
    const int panel = g.is_reversed ? panels - 1 - i : i, n0 = panel * kPanel;
    multiply_panel(g, rows, static_cast<const std::int8_t*>(g.b) + panel * panel_bytes, n0,
                   g.n - n0 < kPanel ? g.n - n0 : kPanel);
  }
}

Kernels make_table() {
  Kernels table = *kernels_avx512_bf16();
  table.gemm_s8 = gemm_s8;
  return table;
}

}  // namespace

const Kernels* kernels_avx512_amx() {
  static const Kernels table = make_table();
  return &table;
}

}  // namespace nest::runtime
#else
#include "kernels.h"
const nest::runtime::Kernels* nest::runtime::kernels_avx512_amx() {
  return nullptr;
}
#endif
