#pragma once

#include <algorithm>

#include "kernels/kernels.h"
#include "nest/signal/view.h"

namespace nest::signal {

inline void load_group(const Kernels& k, const float* in, std::ptrdiff_t stride, int lanes,
                       int samples, double* out) noexcept {
  k.load_f32(in, stride, lanes, samples, out);
}
inline void load_group(const Kernels& k, const double* in, std::ptrdiff_t stride, int lanes,
                       int samples, double* out) noexcept {
  k.load_f64(in, stride, lanes, samples, out);
}
inline void store_group(const Kernels& k, const double* in, int lanes, int samples, float* out,
                        std::ptrdiff_t stride) noexcept {
  k.store_f32(in, lanes, samples, out, stride);
}
inline void store_group(const Kernels& k, const double* in, int lanes, int samples, double* out,
                        std::ptrdiff_t stride) noexcept {
  k.store_f64(in, lanes, samples, out, stride);
}

/// Columns [start, start + block.samples) of the channels from group `first` on, into the block.
template <class T>
void load_block(const Kernels& k, SignalView<const T> in, std::int64_t start, int first,
                BlockView block) noexcept {
  for (int g = 0; g < block.groups; ++g) {
    const std::int64_t channel = std::int64_t{first + g} * kGroup;
    const int lanes = static_cast<int>(std::min<std::int64_t>(kGroup, in.channels - channel));
    load_group(k, in.row(channel) + start, in.stride, lanes, block.samples,
               block.data + g * block.group_stride);
  }
}

template <class T>
void store_block(const Kernels& k, BlockView block, int first, std::int64_t start,
                 SignalView<T> out) noexcept {
  for (int g = 0; g < block.groups; ++g) {
    const std::int64_t channel = std::int64_t{first + g} * kGroup;
    const int lanes = static_cast<int>(std::min<std::int64_t>(kGroup, out.channels - channel));
    store_group(k, block.data + g * block.group_stride, lanes, block.samples,
                out.row(channel) + start, out.stride);
  }
}

}  // namespace nest::signal
