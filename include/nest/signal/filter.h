#pragma once

#include <memory>
#include <span>

#include "nest/core/tensor.h"
#include "nest/signal/sos.h"
#include "nest/signal/view.h"

namespace nest::signal {

/// A causal cascade of second-order sections over many channels, with state.
///
/// Transposed direct form II in double precision; channels are vector lanes:
///   y = b0 x + z0;  z0 = b1 x + z1 - a1 y;  z1 = b2 x - a2 y
/// No fused multiply-add is used, so every instruction set gives the same bits.
/// State:    thread-compatible; chunk-invariant bit for bit (tests/signal/filter_test.cc)
/// Cost:     O(channels · samples · sections); no allocation after construction
class SosFilter {
 public:
  /// Errors: InvalidArgument for fewer than one channel or coefficients that are not finite.
  SosFilter(Sos sos, int channels);
  ~SosFilter();
  SosFilter(SosFilter&&) noexcept;
  SosFilter& operator=(SosFilter&&) noexcept;

  int channels() const noexcept;
  const Sos& sos() const noexcept;

  /// Starts from rest: all delay elements zero.
  void reset() noexcept;
  /// Starts from the steady state of a constant input: one value a channel, usually the first
  /// sample. Errors: InvalidArgument if a section has a pole at z = 1 or the number of values is
  /// wrong.
  void reset_to_steady_state(std::span<const double> values);

  /// Filters `in` into `out`; both may be the same memory. Shapes: [channels, samples].
  void process(SignalView<const float> in, SignalView<float> out) noexcept;
  void process(SignalView<const double> in, SignalView<double> out) noexcept;

  /// Delay elements as float64 [sections, channels, 2] (the layout of scipy.signal.sosfilt).
  Tensor state() const;
  /// Errors: InvalidArgument unless float64 [sections, channels, 2].
  void set_state(const Tensor& state);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Filters a whole recording at once: the same bits as SosFilter in any chunking.
Tensor filter_signal(const Sos& sos, const Tensor& signal);

}  // namespace nest::signal
