#include "runtime/pack.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "nest/core/dtype.h"
#include "nest/core/error.h"
#include "nest/graph/codes.h"
#include "runtime/kernels/kernels.h"

namespace nest::runtime {
namespace {

std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

/// Where element (row n, column k) lies in panels of `group` interleaved k.
std::int64_t place(std::int64_t n, std::int64_t k, std::int64_t groups, std::int64_t group) {
  return ((n / kPanel * groups + k / group) * kPanel + n % kPanel) * group + k % group;
}

template <class T, class F>
void pack_floats(const float* w, std::int64_t n, std::int64_t k, std::int64_t group, void* out,
                 const F& convert) {
  auto* packed = static_cast<T*>(out);
  const std::int64_t groups = ceil_div(k, group);
  std::memset(out, 0,
              static_cast<std::size_t>(ceil_div(n, kPanel) * groups * kPanel * group) * sizeof(T));
  for (std::int64_t r = 0; r < n; ++r) {
    for (std::int64_t c = 0; c < k; ++c) packed[place(r, c, groups, group)] = convert(w[r * k + c]);
  }
}

/// Scales of rows and sums of their codes, which offset activations of 0 ... 255.
PackedScales scales_of(const graph::WeightCodes& made, std::int64_t n, std::int64_t k) {
  const auto padded = static_cast<std::size_t>(ceil_div(n, kPanel) * kPanel);
  PackedScales scales{made.scales, std::vector<std::int32_t>(padded)};
  scales.scale.resize(padded);
  for (std::int64_t r = 0; r < n; ++r) {
    const auto row = made.codes.begin() + r * k;
    scales.sum[static_cast<std::size_t>(r)] = 128 * std::accumulate(row, row + k, 0);
  }
  return scales;
}

void pack_s8(const graph::WeightCodes& made, std::int64_t n, std::int64_t k, void* out) {
  auto* packed = static_cast<std::int8_t*>(out);
  const std::int64_t groups = ceil_div(k, 4);
  std::memset(out, 0, packed_bytes(Precision::kInt8, n, k));
  for (std::int64_t r = 0; r < n; ++r)
    for (std::int64_t c = 0; c < k; ++c)
      packed[place(r, c, groups, 4)] = made.codes[static_cast<std::size_t>(r * k + c)];
}

/// Column c of row r: its byte, and how far up in it its code and its multiplier lie.
struct Nibble {
  std::int64_t multiplier, code;
  int multiplier_shift, code_shift;
};
Nibble s4_place(std::int64_t blocks, std::int64_t r, std::int64_t c) {
  const std::int64_t block = (r / kPanel * blocks + c / kS4Block) * kS4BlockBytes;
  const std::int64_t column = r % kPanel, i = c % kS4Block;
  return {block + column, block + kPanel + i / 8 * (kPanel * 4) + column * 4 + i % 4,
          i < graph::kInt4Block ? 0 : 4, i % 8 < 4 ? 0 : 4};
}
static_assert(kS4Block == 2 * graph::kInt4Block);

void pack_s4(const graph::WeightCodes& made, std::int64_t n, std::int64_t k, void* out) {
  const std::int64_t blocks = ceil_div(k, kS4Block);
  auto* bytes = static_cast<std::uint8_t*>(out);
  std::memset(out, 0, packed_bytes(Precision::kInt4, n, k));
  const auto put = [&](std::int64_t at, int value, int shift) {
    bytes[at] = static_cast<std::uint8_t>(bytes[at] | value << shift);
  };
  for (std::int64_t r = 0; r < n; ++r)
    for (std::int64_t c = 0; c < k; ++c) {
      const Nibble at = s4_place(blocks, r, c);
      const int multiplier = made.multipliers[static_cast<std::size_t>(r * graph::int4_blocks(k) +
                                                                       c / graph::kInt4Block)];
      if (c % graph::kInt4Block == 0) put(at.multiplier, multiplier, at.multiplier_shift);
      if (multiplier != 0)
        put(at.code, made.codes[static_cast<std::size_t>(r * k + c)] / multiplier & 15,
            at.code_shift);
    }
}

int s4_value(const std::uint8_t* packed, std::int64_t blocks, std::int64_t r, std::int64_t c) {
  const Nibble at = s4_place(blocks, r, c);
  const int code = packed[at.code] >> at.code_shift & 15;
  return ((code ^ 8) - 8) * (packed[at.multiplier] >> at.multiplier_shift & 15);
}

}  // namespace

PackedScales int8_scales(const float* weight, std::int64_t n, std::int64_t k,
                         Granularity granularity) {
  return scales_of(graph::weight_codes({weight, static_cast<std::size_t>(n * k)}, n, k,
                                       {Precision::kInt8, granularity}),
                   n, k);
}

std::size_t packed_bytes(Precision precision, std::int64_t n, std::int64_t k) {
  const std::int64_t panels = ceil_div(n, kPanel);
  std::int64_t bytes = 0;
  switch (precision) {
    case Precision::kFp32:
      bytes = panels * k * kPanel * 4;
      break;
    case Precision::kFp16:
      bytes = panels * k * kPanel * 2;
      break;
    case Precision::kBf16:
      bytes = panels * ceil_div(k, 2) * kPanel * 4;
      break;
    case Precision::kInt8:
      bytes = panels * ceil_div(k, 4) * kPanel * 4;
      break;
    case Precision::kInt4:
      bytes = panels * ceil_div(k, kS4Block) * kS4BlockBytes;
      break;
    case Precision::kFp64:
      fail(ErrorCode::kInternal, "no kernel multiplies fp64");
  }
  return static_cast<std::size_t>(bytes);
}

PackedScales pack_matrix(Precision precision, const float* weight, std::int64_t n, std::int64_t k,
                         void* out, Granularity granularity) {
  switch (precision) {
    case Precision::kFp32:
      pack_floats<float>(weight, n, k, 1, out, [](float x) { return x; });
      return {};
    case Precision::kFp16:
      pack_floats<std::uint16_t>(weight, n, k, 1, out, [](float x) { return to_half(x).bits; });
      return {};
    case Precision::kBf16:
      pack_floats<std::uint16_t>(weight, n, k, 2, out, [](float x) { return to_bfloat16(x).bits; });
      return {};
    case Precision::kInt8:
    case Precision::kInt4: {
      const graph::WeightCodes made = graph::weight_codes({weight, static_cast<std::size_t>(n * k)},
                                                          n, k, {precision, granularity});
      precision == Precision::kInt8 ? pack_s8(made, n, k, out) : pack_s4(made, n, k, out);
      return scales_of(made, n, k);
    }
    case Precision::kFp64:
      break;
  }
  fail(ErrorCode::kInternal, "no kernel multiplies {}", name_of(precision));
}

std::vector<float> unpack_matrix(Precision precision, const void* packed,
                                 const PackedScales& scales, std::int64_t n, std::int64_t k) {
  std::vector<float> w(static_cast<std::size_t>(n * k));
  const auto* f32 = static_cast<const float*>(packed);
  const auto* u16 = static_cast<const std::uint16_t*>(packed);
  const auto* s8 = static_cast<const std::int8_t*>(packed);
  for (std::int64_t r = 0; r < n; ++r) {
    for (std::int64_t c = 0; c < k; ++c) {
      float& x = w[static_cast<std::size_t>(r * k + c)];
      switch (precision) {
        case Precision::kFp32:
          x = f32[place(r, c, k, 1)];
          break;
        case Precision::kFp16:
          x = to_float(Half{u16[place(r, c, k, 1)]});
          break;
        case Precision::kBf16:
          x = to_float(BFloat16{u16[place(r, c, ceil_div(k, 2), 2)]});
          break;
        case Precision::kInt8:
          x = scales.scale[static_cast<std::size_t>(r)] *
              static_cast<float>(s8[place(r, c, ceil_div(k, 4), 4)]);
          break;
        case Precision::kInt4:
          x = scales.scale[static_cast<std::size_t>(r)] *
              static_cast<float>(
                  s4_value(static_cast<const std::uint8_t*>(packed), ceil_div(k, kS4Block), r, c));
          break;
        case Precision::kFp64:
          break;
      }
    }
  }
  return w;
}

}  // namespace nest::runtime
