#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

namespace nest::decode {

inline constexpr double kLogZero = -std::numeric_limits<double>::infinity();

/// ln(exp(a) + exp(b)); exact for -inf.
inline double log_add(double a, double b) {
  if (a < b) std::swap(a, b);
  return b == kLogZero ? a : a + std::log1p(std::exp(b - a));
}

/// out = log softmax of in / temperature. All -inf stays all -inf.
template <class In, class Out>
void log_softmax(std::span<const In> in, double temperature, std::span<Out> out) {
  double top = kLogZero;
  for (In x : in) top = std::max(top, static_cast<double>(x));
  if (top == kLogZero) {
    std::fill(out.begin(), out.end(), static_cast<Out>(kLogZero));
    return;
  }
  double sum = 0;
  for (In x : in) sum += std::exp((static_cast<double>(x) - top) / temperature);
  const double shift = std::log(sum);
  for (std::size_t i = 0; i < in.size(); ++i) {
    out[i] = static_cast<Out>((static_cast<double>(in[i]) - top) / temperature - shift);
  }
}

/// A probability seen through a temperature on its log-odds: 1 / (1 + ((1 - p) / p)^(1 / T)).
inline float tempered_confidence(double log_probability, double temperature) {
  const double p = std::min(std::exp(log_probability), 1.0);
  if (temperature == 1 || p <= 0 || p >= 1) return static_cast<float>(p);
  return static_cast<float>(1.0 / (1.0 + std::pow((1.0 - p) / p, 1.0 / temperature)));
}

}  // namespace nest::decode
