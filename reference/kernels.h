#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

/// Slow, obvious twins of the runtime kernels, in double precision.
namespace nest::reference {

/// c[m, n] = sum_k a[m, k] w[n, k] + bias[n]
inline std::vector<double> linear(const std::vector<float>& a, const std::vector<float>& w,
                                  const std::vector<float>& bias, int m, int n, int k) {
  std::vector<double> c(static_cast<std::size_t>(m) * static_cast<std::size_t>(n));
  for (int i = 0; i < m; ++i)
    for (int j = 0; j < n; ++j) {
      double sum = bias.empty() ? 0.0 : static_cast<double>(bias[static_cast<std::size_t>(j)]);
      for (int x = 0; x < k; ++x)
        sum += static_cast<double>(a[static_cast<std::size_t>(i * k + x)]) *
               static_cast<double>(w[static_cast<std::size_t>(j * k + x)]);
      c[static_cast<std::size_t>(i * n + j)] = sum;
    }
  return c;
}

/// Round half to even to 8 bits: code and scale as the integer kernels define them.
struct Quantized {
  std::vector<int> codes;
  float scale = 0;
};
inline Quantized quantize(const float* x, int n) {
  Quantized q;
  float top = 0;
  for (int i = 0; i < n; ++i) top = std::max(top, std::fabs(x[i]));
  const float inverse = top > 0 ? 127.0f / top : 0.0f;
  q.scale = top / 127.0f;
  for (int i = 0; i < n; ++i) {
    q.codes.push_back(
        static_cast<int>(std::clamp(std::nearbyint(x[i] * inverse), -127.0f, 127.0f)));
  }
  return q;
}

/// y[o, t] = sum_{c, k} w[o, c, k] x[c, t + k], for t in [0, time - taps].
inline std::vector<double> convolution(const std::vector<float>& x, const std::vector<float>& w,
                                       int channels, int outputs, int taps, int time) {
  const int out_time = time - taps + 1;
  std::vector<double> y;
  for (int o = 0; o < outputs; ++o)
    for (int t = 0; t < out_time; ++t) {
      double sum = 0;
      for (int c = 0; c < channels; ++c)
        for (int k = 0; k < taps; ++k)
          sum += static_cast<double>(w[static_cast<std::size_t>((o * channels + c) * taps + k)]) *
                 static_cast<double>(x[static_cast<std::size_t>(c * time + t + k)]);
      y.push_back(sum);
    }
  return y;
}

inline double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}
inline double gelu(double x) {
  return 0.5 * x * std::erfc(-x / std::sqrt(2.0));
}
inline double elu(double x) {
  return x > 0 ? x : std::expm1(x);
}

}  // namespace nest::reference
