#include "runtime/pack.h"

#include <algorithm>
#include <cmath>
#include <cstring>

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

PackedScales pack_s8(const float* w, std::int64_t n, std::int64_t k, Granularity granularity,
                     void* out) {
  auto* packed = static_cast<std::int8_t*>(out);
  const std::int64_t groups = ceil_div(k, 4);
  std::memset(out, 0, packed_bytes(Precision::kInt8, n, k));
  PackedScales scales = int8_scales(w, n, k, granularity);
  for (std::int64_t r = 0; r < n; ++r)
    for (std::int64_t c = 0; c < k; ++c)
      packed[place(r, c, groups, 4)] =
          graph::weight_code(w[r * k + c], scales.scale[static_cast<std::size_t>(r)]);
  return scales;
}

void pack_s4(const float* w, std::int64_t n, std::int64_t k, void* out) {
  const std::int64_t blocks = ceil_div(k, kS4Block);
  auto* bytes = static_cast<std::uint8_t*>(out);
  std::memset(out, 0, packed_bytes(Precision::kInt4, n, k));
  for (std::int64_t r = 0; r < ceil_div(n, kPanel) * kPanel; ++r) {
    for (std::int64_t j = 0; j < blocks; ++j) {
      std::uint8_t* block = bytes + (r / kPanel * blocks + j) * kS4BlockBytes;
      const int count = static_cast<int>(std::min<std::int64_t>(kS4Block, k - j * kS4Block));
      int codes[kS4Block] = {};
      if (r < n) {
        const Half scale = to_half(graph::int4_codes(w + r * k + j * kS4Block, count, codes));
        std::memcpy(block + r % kPanel * 2, &scale.bits, 2);
      }
      for (int i = 0; i < kS4Block; ++i) {
        const int code = (i < count ? codes[i] : 0) + 8;
        std::uint8_t& byte = block[2 * kPanel + (i / 8) * (kPanel * 4) + r % kPanel * 4 + i % 4];
        byte = static_cast<std::uint8_t>(byte | (i % 8 < 4 ? code : code << 4));
      }
    }
  }
}

float s4_value(const std::uint8_t* packed, std::int64_t blocks, std::int64_t r, std::int64_t c) {
  const std::uint8_t* block = packed + (r / kPanel * blocks + c / kS4Block) * kS4BlockBytes;
  const auto i = static_cast<int>(c % kS4Block);
  Half scale;
  std::memcpy(&scale.bits, block + r % kPanel * 2, 2);
  const int byte = block[2 * kPanel + (i / 8) * (kPanel * 4) + r % kPanel * 4 + i % 4];
  return to_float(scale) * static_cast<float>((i % 8 < 4 ? byte & 15 : byte >> 4) - 8);
}

}  // namespace

PackedScales int8_scales(const float* weight, std::int64_t n, std::int64_t k,
                         Granularity granularity) {
  const bool is_shared = granularity == Granularity::kPerTensor;
  const float shared = is_shared ? graph::max_abs(weight, n * k) / graph::kLargestCode : 0;
  PackedScales scales;
  const auto padded = static_cast<std::size_t>(ceil_div(n, kPanel) * kPanel);
  scales.scale.assign(padded, 0.0f);
  scales.sum.assign(padded, 0);
  for (std::int64_t r = 0; r < n; ++r) {
    const float scale =
        is_shared ? shared : graph::max_abs(weight + r * k, k) / graph::kLargestCode;
    std::int32_t sum = 0;
    for (std::int64_t c = 0; c < k; ++c) sum += graph::weight_code(weight[r * k + c], scale);
    scales.scale[static_cast<std::size_t>(r)] = scale;
    scales.sum[static_cast<std::size_t>(r)] = 128 * sum;
  }
  return scales;
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
      return pack_s8(weight, n, k, granularity, out);
    case Precision::kInt4:
      pack_s4(weight, n, k, out);
      return {};
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
          x = s4_value(static_cast<const std::uint8_t*>(packed), ceil_div(k, kS4Block), r, c);
          break;
        case Precision::kFp64:
          break;
      }
    }
  }
  return w;
}

}  // namespace nest::runtime
