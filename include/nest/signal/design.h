#pragma once

#include <complex>
#include <vector>

#include "nest/core/json_fwd.h"
#include "nest/signal/sos.h"

namespace nest::signal {

enum class BandKind { kLowpass, kHighpass, kBandpass, kBandstop };

/// Digital Butterworth filter as second-order sections.
///
/// Analog prototype poles on the unit circle, frequency transformation with pre-warped edges,
/// bilinear transform; poles are paired with their nearest zeros and the pole nearest the unit
/// circle comes last, the gain is in the first section. A band filter of order n has n sections, a
/// low- or high-pass (n + 1) / 2.
///
/// Shapes:   edges_hz one value for low/high-pass, two ascending ones for band filters
/// Units:    Hz; the gain at every edge is 1/sqrt(2)
/// Errors:   InvalidArgument unless order is in 1..32 and 0 < edges < rate / 2
/// Source:   coefficients equal scipy.signal.butter(order, edges, kind, fs=rate, output='sos')
Sos design_butterworth(int order, BandKind kind, const std::vector<double>& edges_hz,
                       double rate_hz);

/// Second-order notch: zero gain at notch_hz, -3 dB width notch_hz / q.
///
/// Errors:   InvalidArgument unless 0 < notch_hz < rate / 2 and q > 0
/// Source:   coefficients equal scipy.signal.iirnotch(notch_hz, q, fs=rate)
SosSection design_notch(double notch_hz, double q, double rate_hz);

/// State of every section after an endless input of ones, so that a constant signal passes without
/// a transient (multiply by the first sample to start from the steady state).
///
/// Errors:   InvalidArgument if a section has a pole at z = 1
/// Source:   equals scipy.signal.sosfilt_zi
std::vector<SosState> sos_steady_state(const Sos& sos);

/// Complex gain of the cascade at each frequency.
std::vector<std::complex<double>> frequency_response(const Sos& sos,
                                                     const std::vector<double>& frequencies_hz,
                                                     double rate_hz);

/// Largest pole radius of the cascade; below 1 the filter is stable.
double largest_pole_radius(const Sos& sos);

/// Samples until the slowest pole has decayed to `fraction` of its start (settling time).
double settling_samples(const Sos& sos, double fraction = 0.01);

/// Bound of what is left of an input after n samples: at most sum over k >= n of |h[k]|, h the
/// impulse response, times the input's largest value.
///
/// Poles p that are simple and not 0, with residues r, give h[k] = sum r p^k and the bound
/// sum |r| |p|^n / (1 - |p|), for n beyond the order of the cascade. Infinite for a pole that is
/// repeated or not inside the unit circle.
double decay_bound(const Sos& sos, double samples);

/// One [b0, b1, b2, 1, a1, a2] row per section, as SciPy prints them.
Json sos_to_json(const Sos& sos);

}  // namespace nest::signal
