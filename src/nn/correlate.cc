#include "correlate.h"

#include <algorithm>
#include <cstring>

namespace nest::nn {
namespace {

// Fixed-width vectors of the compiler; the wrappers below give each width its instruction set.
template <class T, int kBytes>
struct VectorOf {
  using Type __attribute__((vector_size(kBytes))) = T;
};

template <class T, int kBytes, int kFilters, int kVectors>
[[gnu::always_inline]] inline void tile(const Correlation<T>& task, std::int64_t f, std::int64_t l,
                                        std::int64_t count) {
  using V = typename VectorOf<T, kBytes>::Type;
  constexpr int kWidth = kBytes / static_cast<int>(sizeof(T));
  V sum[kFilters][kVectors] = {};
  const T* x = task.x + l;
  const T* taps = task.filters + f * task.filter_stride;
  for (std::int64_t i = 0; i < task.taps; ++i) {
    V samples[kVectors];
    std::memcpy(samples, x + i, sizeof(samples));
    for (int r = 0; r < kFilters; ++r) {
      const T tap = taps[r * task.filter_stride + i];
      for (int n = 0; n < kVectors; ++n) sum[r][n] += samples[n] * tap;
    }
  }
  for (int r = 0; r < kFilters; ++r) {
    T* out = task.out + (f + r) * task.out_stride + l;
    T values[kVectors * kWidth];
    std::memcpy(values, sum[r], sizeof(values));
    if (task.accumulate) {
      for (std::int64_t n = 0; n < count; ++n) out[n] += values[n];
    } else {
      std::memcpy(out, values, static_cast<std::size_t>(count) * sizeof(T));
    }
  }
}

template <class T, int kBytes, int kFilters, int kVectors>
[[gnu::always_inline]] inline void rows(const Correlation<T>& task, std::int64_t f) {
  constexpr std::int64_t kWidth = kBytes / static_cast<std::int64_t>(sizeof(T));
  std::int64_t l = 0;
  for (; l + kVectors * kWidth <= task.out_length; l += kVectors * kWidth) {
    tile<T, kBytes, kFilters, kVectors>(task, f, l, kVectors * kWidth);
  }
  for (; l < task.out_length; l += kWidth) {
    tile<T, kBytes, kFilters, 1>(task, f, l, std::min(kWidth, task.out_length - l));
  }
}

template <class T, int kBytes>
[[gnu::always_inline]] inline void body(const Correlation<T>& task) {
  std::int64_t f = 0;
  for (; f + 4 <= task.num_filters; f += 4) rows<T, kBytes, 4, 4>(task, f);
  for (; f + 2 <= task.num_filters; f += 2) rows<T, kBytes, 2, 4>(task, f);
  for (; f < task.num_filters; ++f) rows<T, kBytes, 1, 8>(task, f);
}

#if defined(__x86_64__)
template <class T>
[[gnu::target("avx512f,avx2,fma")]] void wide(const Correlation<T>& task) {
  body<T, 64>(task);
}
template <class T>
[[gnu::target("avx2,fma")]] void middle(const Correlation<T>& task) {
  body<T, 32>(task);
}
#endif

template <class T>
void narrow(const Correlation<T>& task) {
  body<T, 16>(task);
}

template <class T>
using Kernel = void (*)(const Correlation<T>&);

template <class T>
Kernel<T> choose() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return wide<T>;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return middle<T>;
#endif
  return narrow<T>;
}

}  // namespace

void correlate(const Correlation<float>& task) {
  static const Kernel<float> kernel = choose<float>();
  kernel(task);
}

void correlate(const Correlation<double>& task) {
  static const Kernel<double> kernel = choose<double>();
  kernel(task);
}

}  // namespace nest::nn
