#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "nest/core/options_fwd.h"
#include "nest/core/tensor.h"
#include "nest/signal/view.h"

namespace nest::signal {

/// A rational rate change: output rate = input rate * up / down, reduced.
struct ResampleRatio {
  std::int64_t up = 1;
  std::int64_t down = 1;
};

/// Nearest ratio of small integers.
/// Errors: InvalidArgument unless both rates are positive and their ratio is a fraction of integers
/// up to 10000 (relative error below 1e-9).
ResampleRatio resample_ratio(double in_rate_hz, double out_rate_hz);

struct ResampleOptions {
  int half_length = 10;      ///< filter half length in units of max(up, down) upsampled samples
  double kaiser_beta = 5.0;  ///< window shape: about 54 dB stop band for 5, 80 dB for 8
  /// Every phase of the filter passes a constant unchanged. Without it (as SciPy) an electrode's
  /// offset of 100 mV comes out with a ripple of up to 0.2 mV, which down-sampling may fold into
  /// the band of EEG.
  bool is_dc_exact = false;
};
void visit_fields(FieldVisitor& visitor, ResampleOptions& options);

/// Low-pass FIR for a rate change: cut-off pi / max(up, down), windowed sinc (Kaiser), sum `up`.
///
/// h[n] = up sinc((n - a) / M) w[n] / S,  M = max(up, down), a = half_length M,  n = 0..2a,
/// w[n] = I0(beta sqrt(1 - ((n - a) / a)^2)) / I0(beta),  S such that sum h = up
/// Source:   Kaiser 1974; equals the default filter of scipy.signal.resample_poly
std::vector<double> design_resample_filter(ResampleRatio ratio,
                                           const ResampleOptions& options = {});

/// Streaming polyphase resampler over many channels.
///
/// y[m] = sum over k of h[m down + a - k up] x[k]: the linear-phase delay is taken out, so output m
/// belongs to input time m down / up and comes delay_samples() inputs later. process() and then
/// flush() together equal resample_signal() and, to rounding, scipy.signal.resample_poly.
/// State:    thread-compatible; chunk-invariant bit for bit (tests/signal/resample_test.cc)
/// Cost:     O(output samples · channels · filter length / up); no allocation after construction
class PolyphaseResampler {
 public:
  /// Errors: InvalidArgument for channels < 1, a ratio beyond 10000 or a bad filter shape.
  PolyphaseResampler(ResampleRatio ratio, int channels, const ResampleOptions& options = {});
  ~PolyphaseResampler();
  PolyphaseResampler(PolyphaseResampler&&) noexcept;
  PolyphaseResampler& operator=(PolyphaseResampler&&) noexcept;

  ResampleRatio ratio() const noexcept;
  /// Group delay in input samples.
  double delay_samples() const noexcept;
  /// The most samples that one call with `in_samples` writes.
  std::int64_t max_output(std::int64_t in_samples) const noexcept;
  /// The most samples that flush() writes.
  std::int64_t max_flush() const noexcept;

  void reset() noexcept;
  /// Returns the number of samples written; `out` has room for max_output(in.samples).
  std::int64_t process(SignalView<const float> in, SignalView<float> out) noexcept;
  std::int64_t process(SignalView<const double> in, SignalView<double> out) noexcept;
  /// The samples that wait for the filter's second half, as if zeros followed; then resets.
  std::int64_t flush(SignalView<float> out) noexcept;
  std::int64_t flush(SignalView<double> out) noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// A whole [channels, samples] signal at once: ceil(samples up / down) samples.
Tensor resample_signal(const Tensor& signal, ResampleRatio ratio,
                       const ResampleOptions& options = {});

}  // namespace nest::signal
