#include "eval/fft.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <utility>

namespace nest::eval {
namespace {

using Complex = std::complex<double>;

void fft_power_of_two(std::vector<Complex>& x, double sign) {
  const std::size_t n = x.size();
  for (std::size_t i = 1, j = 0; i < n; ++i) {
    std::size_t bit = n >> 1;
    for (; (j & bit) != 0; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) std::swap(x[i], x[j]);
  }
  for (std::size_t length = 2; length <= n; length *= 2) {
    const double step = sign * 2 * std::numbers::pi / static_cast<double>(length);
    for (std::size_t k = 0; k < length / 2; ++k) {
      const Complex w = std::polar(1.0, step * static_cast<double>(k));
      for (std::size_t i = k; i < n; i += length) {
        const Complex odd = w * x[i + length / 2];
        x[i + length / 2] = x[i] - odd;
        x[i] += odd;
      }
    }
  }
}

std::vector<Complex> fft_bluestein(const std::vector<Complex>& x, double sign) {
  const std::size_t n = x.size();
  const std::size_t m = std::bit_ceil(2 * n - 1);
  std::vector<Complex> chirp(n);
  for (std::size_t k = 0; k < n; ++k) {
    const auto square = static_cast<double>(std::uint64_t{k} * k % (2 * n));  // exact phase
    chirp[k] = std::polar(1.0, sign * std::numbers::pi * square / static_cast<double>(n));
  }
  std::vector<Complex> a(m);
  std::vector<Complex> b(m);
  for (std::size_t k = 0; k < n; ++k) a[k] = x[k] * chirp[k];
  b[0] = std::conj(chirp[0]);
  for (std::size_t k = 1; k < n; ++k) b[k] = b[m - k] = std::conj(chirp[k]);
  fft_power_of_two(a, -1);
  fft_power_of_two(b, -1);
  for (std::size_t k = 0; k < m; ++k) a[k] *= b[k];
  fft_power_of_two(a, 1);
  std::vector<Complex> result(n);
  for (std::size_t k = 0; k < n; ++k) result[k] = a[k] * chirp[k] / static_cast<double>(m);
  return result;
}

}  // namespace

std::vector<Complex> fft(std::vector<Complex> values, bool inverse) {
  if (values.size() <= 1) return values;
  const double sign = inverse ? 1 : -1;
  if (!std::has_single_bit(values.size())) return fft_bluestein(values, sign);
  fft_power_of_two(values, sign);
  return values;
}

}  // namespace nest::eval
