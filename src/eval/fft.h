#pragma once

#include <complex>
#include <vector>

namespace nest::eval {

/// Discrete Fourier transform of any length, unscaled: X_k = Σ x_n exp(∓2πi kn / N).
/// Source: Cooley & Tukey 1965 for powers of two, Bluestein 1970 otherwise.
std::vector<std::complex<double>> fft(std::vector<std::complex<double>> values,
                                      bool inverse = false);

}  // namespace nest::eval
