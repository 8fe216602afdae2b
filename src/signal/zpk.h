#pragma once

#include <complex>
#include <vector>

#include "nest/signal/sos.h"

namespace nest::signal {

using Complex = std::complex<double>;

/// A filter as zeros, poles and gain.
struct Zpk {
  std::vector<Complex> zeros;
  std::vector<Complex> poles;
  double gain = 1;
};

/// Poles on the left half of the unit circle, no zeros (cut-off 1 rad/s).
Zpk butterworth_prototype(int order);

// Analog frequency transformations (rad/s).
Zpk to_lowpass(const Zpk& filter, double cutoff);
Zpk to_highpass(const Zpk& filter, double cutoff);
Zpk to_bandpass(const Zpk& filter, double center, double width);
Zpk to_bandstop(const Zpk& filter, double center, double width);

/// s = 2 rate (z - 1) / (z + 1); zeros at infinity go to z = -1.
Zpk bilinear(const Zpk& filter, double rate);

/// Second-order sections, each pole pair with its nearest zeros; the pole nearest the unit circle
/// is in the last section and the gain in the first.
Sos to_sos(const Zpk& filter);

}  // namespace nest::signal
