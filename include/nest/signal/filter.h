#pragma once

#include "nest/core/tensor.h"
#include "nest/signal/sos.h"
#include "nest/signal/view.h"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace nest {

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

  int channels() const noexcept { return channels_; }
  const Sos& sos() const noexcept { return sos_; }

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
  friend class OnlinePreprocessor;
  template <class T>
  void run(SignalView<const T> in, SignalView<T> out) noexcept;

  Sos sos_;
  int channels_;
  Tensor state_;  // [groups, sections, 2, 8]
  Tensor block_;  // working memory: [groups of one tile, samples of one tile, 8]
  std::vector<SosState> steady_;
};

/// Filters a whole recording at once: the same bits as SosFilter in any chunking.
Tensor filter_signal(const Sos& sos, const Tensor& signal);

}  // namespace nest
