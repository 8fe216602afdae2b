#include <algorithm>
#include <cmath>
#include <limits>

#include "nest/core/error.h"
#include "zpk.h"

namespace nest::signal {
namespace {

bool is_real(const Complex& value) {
  return value.imag() == 0;
}

// One of each conjugate pair (positive imaginary part), ordered by real part, then the real roots.
std::vector<Complex> half_of_pairs(std::vector<Complex> roots) {
  const double tolerance = 100 * std::numeric_limits<double>::epsilon();
  std::vector<Complex> upper;
  std::vector<Complex> lower;
  std::vector<Complex> real;
  std::ranges::stable_sort(roots, [](const Complex& a, const Complex& b) {
    return a.real() != b.real() ? a.real() < b.real() : std::abs(a.imag()) < std::abs(b.imag());
  });
  for (const Complex& root : roots) {
    if (std::abs(root.imag()) <= tolerance * std::abs(root)) {
      real.emplace_back(root.real());
    } else {
      (root.imag() > 0 ? upper : lower).push_back(root);
    }
  }
  require(upper.size() == lower.size(), ErrorCode::kInternal,
          "filter design: {} roots above the real axis, {} below", upper.size(), lower.size());
  // Roots with the same real part up to rounding: order by imaginary part, so that pairs meet.
  const auto order_runs = [&](std::vector<Complex>& half) {
    for (std::size_t begin = 0; begin < half.size();) {
      std::size_t end = begin + 1;
      while (end < half.size() &&
             half[end].real() - half[end - 1].real() <= tolerance * std::abs(half[end - 1])) {
        ++end;
      }
      std::stable_sort(half.begin() + static_cast<long>(begin),
                       half.begin() + static_cast<long>(end),
                       [](const Complex& a, const Complex& b) {
                         return std::abs(a.imag()) < std::abs(b.imag());
                       });
      begin = end;
    }
  };
  order_runs(upper);
  order_runs(lower);
  std::vector<Complex> result;
  for (std::size_t i = 0; i < upper.size(); ++i) {
    result.push_back((upper[i] + std::conj(lower[i])) / 2.0);
  }
  result.insert(result.end(), real.begin(), real.end());
  return result;
}

enum class Wanted { kAny, kReal, kComplex };

Complex take(std::vector<Complex>& from, std::size_t index) {
  const Complex value = from[index];
  from.erase(from.begin() + static_cast<long>(index));
  return value;
}

Complex take_nearest(std::vector<Complex>& from, Complex to, Wanted wanted) {
  std::size_t best = from.size();
  double best_distance = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (wanted != Wanted::kAny && is_real(from[i]) != (wanted == Wanted::kReal)) continue;
    const double distance = std::abs(from[i] - to);
    if (distance < best_distance) {
      best = i;
      best_distance = distance;
    }
  }
  require(best < from.size(), ErrorCode::kInternal, "filter design: no zero is left for a pole");
  return take(from, best);
}

Complex take_worst(std::vector<Complex>& poles, Wanted wanted) {
  std::size_t best = poles.size();
  double best_distance = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < poles.size(); ++i) {
    if (wanted == Wanted::kReal && !is_real(poles[i])) continue;
    const double distance = std::abs(1 - std::abs(poles[i]));
    if (distance < best_distance) {
      best = i;
      best_distance = distance;
    }
  }
  require(best < poles.size(), ErrorCode::kInternal, "filter design: no pole is left to pair");
  return take(poles, best);
}

// (1 - r0 z^-1)(1 - r1 z^-1) for a conjugate or real pair.
std::array<double, 2> quadratic(Complex r0, Complex r1) {
  return {-r1.real() - r0.real(), r0.real() * r1.real() - r0.imag() * r1.imag()};
}

SosSection section_of(Complex zero0, Complex zero1, Complex pole0, Complex pole1) {
  const auto b = quadratic(zero0, zero1);
  const auto a = quadratic(pole0, pole1);
  return {1, b[0], b[1], a[0], a[1]};
}

std::ptrdiff_t reals_in(const std::vector<Complex>& roots) {
  return std::ranges::count_if(roots, is_real);
}

SosSection take_section(std::vector<Complex>& zeros, std::vector<Complex>& poles) {
  const Complex pole = take_worst(poles, Wanted::kAny);
  if (is_real(pole) && reals_in(poles) == 0) {
    return section_of(take_nearest(zeros, pole, Wanted::kReal), 0, pole, 0);
  }
  if (poles.size() + 1 == zeros.size() && !is_real(pole) && reals_in(poles) == 1 &&
      reals_in(zeros) == 1) {
    // The last real zero belongs to the last real pole.
    const Complex zero = take_nearest(zeros, pole, Wanted::kComplex);
    return section_of(zero, std::conj(zero), pole, std::conj(pole));
  }
  const Complex partner = is_real(pole) ? take_worst(poles, Wanted::kReal) : std::conj(pole);
  const Complex zero = take_nearest(zeros, pole, Wanted::kAny);
  const Complex other = is_real(zero) ? take_nearest(zeros, pole, Wanted::kReal) : std::conj(zero);
  return section_of(zero, other, pole, partner);
}

}  // namespace

Sos to_sos(const Zpk& filter) {
  std::vector<Complex> zeros = filter.zeros;
  std::vector<Complex> poles = filter.poles;
  const std::size_t count = std::max(zeros.size(), poles.size());
  const std::size_t even = count + count % 2;
  zeros.resize(even);
  poles.resize(even);
  zeros = half_of_pairs(std::move(zeros));
  poles = half_of_pairs(std::move(poles));
  Sos sos(even / 2);
  for (std::size_t i = sos.size(); i-- > 0;) sos[i] = take_section(zeros, poles);
  require(zeros.empty() && poles.empty(), ErrorCode::kInternal,
          "filter design: {} zeros and {} poles were left over", zeros.size(), poles.size());
  sos.front().b0 *= filter.gain;
  sos.front().b1 *= filter.gain;
  sos.front().b2 *= filter.gain;
  return sos;
}

}  // namespace nest::signal
