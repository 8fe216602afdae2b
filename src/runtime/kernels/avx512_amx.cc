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

// A tile has at most 16 rows of 64 bytes. Wherever a panel of weights is cut, 16 of its columns are
// one of weights: a row is a group of 4 k, and they are 256 bytes apart.
constexpr int kTileRows = 16, kTileGroups = 16, kGroup = kPanel * 4;

// How k is walked: in steps of whole tiles, behind which groups may be left. Where those would be a
// step of few, equal steps of fewer groups are shorter, though they begin inside cache lines.
struct Depth {
  int steps, groups = kTileGroups, left;

  explicit Depth(int k) {
    const int all = (k + 3) / 4, least = (all + kTileGroups - 1) / kTileGroups;
    if (least > 0 && least <= 2 && all % least == 0) groups = all / least;
    steps = all / groups;
    left = all % groups;
  }
};

// Tiles of this thread while a product lasts: 0 to 3 are sums, 4 and 5 activations, of `rows` rows
// each, 6 and 7 weights.
class Tiles {
 public:
  Tiles(int rows, int groups) {
    Shape shape;
    for (int t = 0; t < 8; ++t) {
      shape.row_bytes[t] = static_cast<std::uint16_t>(t == 4 || t == 5 ? 4 * groups : 4 * kW);
      shape.rows[t] = static_cast<std::uint8_t>(t < 6 ? rows : groups);
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
  Depth depth;
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

// The processor sees the stream of weights well enough when they are read once.
struct ReadOnce {
  void fetch(int) const {}
};

// Sums [R][16][N * 16] of the rows from m0 and m1 on and the columns from `column` on.
template <int R, int N, class Hint>
inline void sum_tiles(const PanelOperands& p, int m0, int m1, int column, const Hint& ahead,
                      std::int32_t* sums) {
  const std::int8_t* b = p.b + column * 4;
  const std::uint8_t* a[2] = {p.a + m0 * p.lda, p.a + m1 * p.lda};
  t_zero<0>();
  t_zero<1>();
  t_zero<2>();
  t_zero<3>();
  const int bytes = 4 * p.depth.groups;
  for (int step = 0; step < p.depth.steps; ++step) {
    ahead.fetch(step);
    add_step<R, N>(a, p.lda, b);
    b += bytes * kPanel;
    a[0] += bytes;
    a[1] += bytes;
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

// Rows [m0, end) of the result from their sums. Where nothing dear is left to do, it is done at
// once: a second pass takes half as long as the products.
template <int N, bool IsRelu>
inline void put_rows_at_once(const QuantGemmArgs& g, const std::int32_t* sums, int m0, int end,
                             int n0, int n) {
  const Epilogue& e = g.epilogue;
  const V zero = v_set(0.0f), alpha = v_set(e.alpha);
  const auto count = [n](int v) { return v == N - 1 ? n - (N - 1) * kW : kW; };
  V scale[N], bias[N];
  for (int v = 0; v < N; ++v) {
    scale[v] = v_load(g.b_scale + n0 + v * kW);
    bias[v] = e.bias != nullptr ? v_get(e.bias + n0 + v * kW, count(v)) : zero;
  }
  for (int m = m0; m < end; ++m, sums += N * kW) {
    const V a_scale = v_set(g.a_scale[m]);
    const float* residual = e.residual != nullptr ? e.residual + m * e.ld_residual + n0 : nullptr;
    for (int v = 0; v < N; ++v) {
      const V sum = q_float(_mm512_loadu_si512(sums + v * kW), g.b_sum + n0 + v * kW);
      V y = v_mul(sum, v_mul(a_scale, scale[v]));
      if (e.bias != nullptr) y = v_add(y, bias[v]);
      if constexpr (IsRelu) y = v_act(Act::kRelu, y);
      if (e.alpha != 1.0f) y = v_mul(y, alpha);
      if (residual != nullptr) y = v_add(y, v_get(residual + v * kW, count(v)));
      v_put(g.c + m * g.ldc + n0 + v * kW, y, count(v));
    }
  }
}
template <int N>
inline void put_rows(const QuantGemmArgs& g, const std::int32_t* sums, int m0, int end, int n0,
                     int n) {
  if (g.epilogue.act == Act::kNone) {
    put_rows_at_once<N, false>(g, sums, m0, end, n0, n);
  } else if (g.epilogue.act == Act::kRelu) {
    put_rows_at_once<N, true>(g, sums, m0, end, n0, n);
  } else {
    QuantGemmArgs plain = g;
    plain.epilogue = {};
    plain.epilogue.bias = g.epilogue.bias;
    put_rows_at_once<N, false>(plain, sums, m0, end, n0, n);
    finish_tile(g.epilogue, g.c, g.ldc, end - m0, m0, n0, n);
  }
}

// Tiles of rows `tile` and, if R is 2, the one behind it.
template <int R, int N, class Hint>
void multiply_tiles(const QuantGemmArgs& g, const RowTiles& rows, const PanelOperands& p, int tile,
                    int column, int n0, int n, const Hint& ahead) {
  alignas(64) std::int32_t sums[R * kTileRows * N * kW];
  sum_tiles<R, N>(p, rows.first(tile), rows.first(tile + R - 1), column, ahead, sums);
  for (int i = 0; i < R; ++i) {
    const int first = rows.first(tile + i), first_new = rows.first_new(tile + i);
    put_rows<N>(g, sums + (i * kTileRows + first_new - first) * N * kW, first_new,
                first + rows.rows, n0, n);
  }
}
template <int R, int N, class Hint>
inline void multiply_columns(int tiles, const QuantGemmArgs& g, const RowTiles& rows,
                             const PanelOperands& p, int tile, int column, int n0, int n,
                             const Hint& ahead) {
  if constexpr (N > 0) {
    if (tiles == N) {
      multiply_tiles<R, N>(g, rows, p, tile, column, n0, n, ahead);
    } else {
      multiply_columns<R, N - 1>(tiles, g, rows, p, tile, column, n0, n, ahead);
    }
  }
}

// All rows times the `n` columns of a panel of s8 that lie in c from n0 on. Tiles are ready.
void multiply_panel(const QuantGemmArgs& g, const RowTiles& rows, const Depth& depth,
                    const std::int8_t* panel, int n0, int n) {
  alignas(64) std::int8_t rest[kTileGroups * kGroup];
  PanelOperands p{g.a, g.lda, panel, nullptr, depth};
  if (depth.left > 0) {
    const auto bytes = static_cast<std::size_t>(depth.left) * kGroup;
    __builtin_memcpy(rest, panel + depth.steps * (kTileGroups * kGroup), bytes);
    __builtin_memset(rest + bytes, 0, sizeof rest - bytes);
    p.rest = rest;
  }
  const int pairs = rows.count / 2;
  Pass pass{0, n > 2 * kW ? 2 : 1, 0, pairs, 0, depth.steps};
  for (int column = 0; column < n && pairs > 0; column += 2 * kW, ++pass.strip) {
    const int width = n - column < 2 * kW ? n - column : 2 * kW;
    for (pass.tile = 0; pass.tile < pairs; ++pass.tile)
      multiply_columns<2, 2>((width + kW - 1) / kW, g, rows, p, 2 * pass.tile, column, n0 + column,
                             width, Ahead(panel, depth.groups * kGroup, pass));
  }
  if (rows.count % 2 == 1)
    multiply_columns<1, 4>((n + kW - 1) / kW, g, rows, p, 2 * pairs, 0, n0, n, ReadOnce{});
}

void gemm_s8(const QuantGemmArgs& g) {
  if (g.m <= 0) return;
  const RowTiles rows(g.m);
  const Depth depth(g.k);
  const Tiles tiles(rows.rows, depth.groups);
  const int panels = (g.n + kPanel - 1) / kPanel;
  const std::int64_t panel_bytes = static_cast<std::int64_t>((g.k + 3) / 4) * kGroup;
  for (int i = 0; i < panels; ++i) {
    const int panel = g.is_reversed ? panels - 1 - i : i, n0 = panel * kPanel;
    multiply_panel(g, rows, depth, static_cast<const std::int8_t*>(g.b) + panel * panel_bytes, n0,
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
