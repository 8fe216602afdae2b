#include "zpk.h"

#include <cmath>
#include <numbers>

#include "nest/core/error.h"

namespace nest::signal {
namespace {

// Products and quotients are written out so that two poles whose distance to the unit circle
// differs only by rounding (a band centred on a quarter of the rate) are told apart the same way
// everywhere.
Complex times(Complex a, Complex b) {
  return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
}

// Smith's method (Comm. ACM 5, 1962, algorithm 116).
Complex divide(Complex a, Complex b) {
  if (std::abs(b.real()) >= std::abs(b.imag())) {
    const double ratio = b.imag() / b.real();
    const double scale = 1.0 / (b.real() + b.imag() * ratio);
    return {(a.real() + a.imag() * ratio) * scale, (a.imag() - a.real() * ratio) * scale};
  }
  const double ratio = b.real() / b.imag();
  const double scale = 1.0 / (b.imag() + b.real() * ratio);
  return {(a.real() * ratio + a.imag()) * scale, (a.imag() * ratio - a.real()) * scale};
}

Complex product_of(const std::vector<Complex>& roots, double offset) {
  Complex product = 1;
  for (const Complex& root : roots) product = times(product, offset - root);
  return product;
}

std::size_t degree_of(const Zpk& filter) {
  return filter.poles.size() - filter.zeros.size();
}

// Each root of the low-pass becomes two around +-center.
std::vector<Complex> split_around(const std::vector<Complex>& roots, double center) {
  std::vector<Complex> offsets;
  for (const Complex& root : roots) {
    offsets.push_back(std::sqrt(times(root, root) - Complex(center * center)));
  }
  std::vector<Complex> result;
  for (std::size_t i = 0; i < roots.size(); ++i) result.push_back(roots[i] + offsets[i]);
  for (std::size_t i = 0; i < roots.size(); ++i) result.push_back(roots[i] - offsets[i]);
  return result;
}

}  // namespace

Zpk butterworth_prototype(int order) {
  Zpk filter;
  for (int m = -order + 1; m < order; m += 2) {
    const double angle = std::numbers::pi * m / (2.0 * order);
    filter.poles.push_back(-std::exp(Complex(0, angle)));
  }
  return filter;
}

Zpk to_lowpass(const Zpk& filter, double cutoff) {
  Zpk result;
  for (const Complex& zero : filter.zeros) result.zeros.push_back(zero * cutoff);
  for (const Complex& pole : filter.poles) result.poles.push_back(pole * cutoff);
  result.gain = filter.gain * std::pow(cutoff, static_cast<double>(degree_of(filter)));
  return result;
}

Zpk to_highpass(const Zpk& filter, double cutoff) {
  Zpk result;
  for (const Complex& zero : filter.zeros) result.zeros.push_back(divide(cutoff, zero));
  for (const Complex& pole : filter.poles) result.poles.push_back(divide(cutoff, pole));
  result.zeros.resize(result.zeros.size() + degree_of(filter));
  result.gain =
      filter.gain * divide(product_of(filter.zeros, 0), product_of(filter.poles, 0)).real();
  return result;
}

Zpk to_bandpass(const Zpk& filter, double center, double width) {
  const Zpk narrow = to_lowpass(filter, width / 2);
  Zpk result;
  result.zeros = split_around(narrow.zeros, center);
  result.poles = split_around(narrow.poles, center);
  result.zeros.resize(result.zeros.size() + degree_of(filter));
  result.gain = filter.gain * std::pow(width, static_cast<double>(degree_of(filter)));
  return result;
}

Zpk to_bandstop(const Zpk& filter, double center, double width) {
  const Zpk high = to_highpass(filter, width / 2);
  const std::size_t degree = degree_of(filter);
  Zpk result;
  result.zeros =
      split_around({high.zeros.begin(), high.zeros.end() - static_cast<long>(degree)}, center);
  result.poles = split_around(high.poles, center);
  result.zeros.insert(result.zeros.end(), degree, Complex(0, center));
  result.zeros.insert(result.zeros.end(), degree, Complex(0, -center));
  result.gain = high.gain;
  return result;
}

Zpk bilinear(const Zpk& filter, double rate) {
  const double doubled = 2 * rate;
  Zpk result;
  const auto map = [&](const Complex& s) { return divide(doubled + s, doubled - s); };
  for (const Complex& zero : filter.zeros) result.zeros.push_back(map(zero));
  for (const Complex& pole : filter.poles) result.poles.push_back(map(pole));
  result.zeros.insert(result.zeros.end(), degree_of(filter), Complex(-1));
  result.gain = filter.gain *
                divide(product_of(filter.zeros, doubled), product_of(filter.poles, doubled)).real();
  return result;
}

}  // namespace nest::signal
