#pragma once

#include <cstdint>

namespace nest::nn {

/// Elements that must be readable (any finite value) behind the last one of `x`.
inline constexpr std::int64_t kCorrelateSlop = 256;

/// out[f][l] (+)= sum_i filters[f][i] * x[l + i] for f < num_filters, l < out_length, i < taps.
///
/// Registers hold a tile of filters x outputs, so every loaded sample is used by several filters
/// and every broadcast tap by several outputs. `x` needs out_length + taps - 1 + kCorrelateSlop
/// readable elements. The vector width is chosen once from the CPU.
template <class T>
struct Correlation {
  const T* x = nullptr;
  const T* filters = nullptr;
  std::int64_t filter_stride = 0;
  std::int64_t num_filters = 0;
  std::int64_t taps = 0;
  T* out = nullptr;
  std::int64_t out_stride = 0;
  std::int64_t out_length = 0;
  bool accumulate = false;
};

void correlate(const Correlation<float>& task);
void correlate(const Correlation<double>& task);

}  // namespace nest::nn
