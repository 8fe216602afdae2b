#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "nest/core/tensor.h"
#include "nest/signal/preprocess_options.h"
#include "nest/signal/view.h"

namespace nest::signal {

/// What one call did.
struct PreprocessResult {
  std::int64_t samples = 0;  ///< written to the output
  /// A value was not finite and the policy is "error": nothing was changed.
  bool is_refused = false;
};

/// Counted since construction.
struct PreprocessCounts {
  std::int64_t samples_in = 0;
  std::int64_t samples_out = 0;
  std::int64_t non_finite = 0;  ///< single values replaced
  std::int64_t refused_chunks = 0;
  std::int64_t gaps = 0;
};

/// Causal preprocessing of a stream: replace values that are not finite and bad channels,
/// re-reference, filter, resample, normalise. Each sample is filtered once, state is carried.
///
/// Shapes:   [channels, samples] in and out; any chunk length
/// State:    thread-compatible; chunk-invariant bit for bit (tests/signal/preprocess_test.cc)
/// Cost:     no allocation and no exception after construction
class OnlinePreprocessor {
 public:
  /// Errors: InvalidArgument as validate(options).
  explicit OnlinePreprocessor(OnlinePreprocessorOptions options);
  ~OnlinePreprocessor();
  OnlinePreprocessor(OnlinePreprocessor&&) noexcept;
  OnlinePreprocessor& operator=(OnlinePreprocessor&&) noexcept;

  const OnlinePreprocessorOptions& options() const noexcept;
  const Sos& sos() const noexcept;
  double output_rate_hz() const noexcept;
  /// Delay of the resampler in input samples (0 without one); the filters' phase delay is not in
  /// it.
  double resample_delay_samples() const noexcept;
  /// The most samples that one call with `in_samples` writes.
  std::int64_t max_output(std::int64_t in_samples) const noexcept;

  /// `in` and `out` have options().channels rows, `out` room for max_output(in.samples) samples.
  /// Without resampling they may be the same memory.
  PreprocessResult process(SignalView<const float> in, SignalView<float> out) noexcept;
  PreprocessResult process(SignalView<const double> in, SignalView<double> out) noexcept;

  /// At the end of a recording: what waits in the resampler, at most max_flush() samples; then
  /// resets. Nothing without resampling.
  std::int64_t flush(SignalView<float> out) noexcept;
  std::int64_t flush(SignalView<double> out) noexcept;
  std::int64_t max_flush() const noexcept;

  /// After lost samples: filter, resampler and held values start anew, running statistics stay.
  void handle_gap() noexcept;
  /// Forgets everything but the counts.
  void reset() noexcept;
  /// Errors: InvalidArgument for a channel out of range, none left over, or the policy "error".
  void set_bad_channels(const std::vector<int>& bad_channels);

  const PreprocessCounts& counts() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// A whole recording, `chunk` samples at a time (0: at once; the result is the same), with what
/// waits in the resampler at its end.
///
/// Shapes: [channels, n] float32 or float64 -> [channels, m] of the same type
/// Errors: DataCorrupt naming the samples if the policy refuses one; InvalidArgument for another
/// shape or type.
Tensor process_all(OnlinePreprocessor& preprocessor, const Tensor& samples, std::int64_t chunk = 0);

}  // namespace nest::signal
