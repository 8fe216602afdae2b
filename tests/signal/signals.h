#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "nest/core/rng.h"
#include "nest/core/tensor.h"
#include "nest/signal/view.h"

namespace nest::test {

/// Normal noise [channels, samples] around an offset of three deviations.
template <class T>
Tensor noise(std::int64_t channels, std::int64_t samples, std::uint64_t seed) {
  Rng rng(seed, "test_noise");
  Tensor tensor(dtype_of<T>(), {channels, samples});
  for (T& value : tensor.mutable_data<T>()) value = static_cast<T>(rng.normal(30, 10));
  return tensor;
}

template <class T>
signal::SignalView<const T> view_of(const Tensor& tensor) {
  return {tensor.data<T>().data(), tensor.dim(0), tensor.dim(1)};
}

template <class T>
signal::SignalView<T> mutable_view_of(Tensor& tensor) {
  return {tensor.mutable_data<T>().data(), tensor.dim(0), tensor.dim(1)};
}

/// Chunk lengths that cover `samples`: fixed, or random in 1..limit for chunk <= 0.
inline std::vector<std::int64_t> chunks_of(std::int64_t samples, std::int64_t chunk, Rng& rng) {
  std::vector<std::int64_t> chunks;
  for (std::int64_t left = samples; left > 0;) {
    const std::int64_t wanted =
        chunk > 0 ? chunk
                  : 1 + static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(-chunk)));
    chunks.push_back(std::min(wanted, left));
    left -= chunks.back();
  }
  return chunks;
}

}  // namespace nest::test
