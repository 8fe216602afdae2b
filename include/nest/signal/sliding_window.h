#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "nest/core/options_fwd.h"
#include "nest/signal/circular_buffer.h"
#include "nest/signal/view.h"

namespace nest::signal {

struct SlidingWindowOptions {
  int channels = 0;
  std::int64_t window_samples = 500;
  std::int64_t hop_samples = 100;  ///< may exceed the window: samples between windows are skipped
};
void visit_fields(FieldVisitor& visitor, SlidingWindowOptions& options);

/// Cuts a stream into windows: number i holds samples [i hop, i hop + window) and is emitted
/// exactly once, as soon as its last sample has arrived, whatever the chunking.
///
/// State:    thread-compatible; no allocation after construction
template <class T>
class BasicSlidingWindow {
 public:
  struct Window {
    std::int64_t index;         ///< from 0 since construction or reset()
    std::int64_t start_sample;  ///< in the stream since construction or reset()
    SignalView<const T> data;   ///< [channels, window]; valid until the visitor returns
  };

  /// Errors: as validate(options).
  explicit BasicSlidingWindow(const SlidingWindowOptions& options);

  /// Calls visit(const Window&) for every window that `chunk` completes; returns their number, or
  /// -1 if the chunk has the wrong number of channels.
  template <class F>
  std::int64_t push(SignalView<const T> chunk, F&& visit) {
    if (chunk.channels != buffer_.channels()) return -1;
    std::int64_t emitted = 0;
    while (chunk.samples > 0) {
      const std::int64_t taken = take(chunk);
      chunk = chunk.slice(taken, chunk.samples - taken);
      if (buffer_.total() == next_end()) {
        visit(std::as_const(*fetch()));
        ++emitted;
      }
    }
    return emitted;
  }

  /// Copies the newest out.samples samples; false if fewer, or more than a window, are held.
  [[nodiscard]] bool latest(SignalView<T> out) const noexcept {
    return buffer_.latest(out) == WindowStatus::kOk;
  }
  /// Windows emitted so far.
  std::int64_t emitted() const noexcept { return next_; }
  /// Samples seen so far.
  std::int64_t total_samples() const noexcept { return buffer_.total(); }
  const SlidingWindowOptions& options() const noexcept { return options_; }
  /// Starts again with sample 0, as after a gap.
  void reset() noexcept;

 private:
  std::int64_t next_end() const noexcept {
    return next_ * options_.hop_samples + options_.window_samples;
  }
  std::int64_t take(SignalView<const T> chunk) noexcept;
  const Window* fetch() noexcept;

  SlidingWindowOptions options_;
  BasicCircularBuffer<T> buffer_;
  std::vector<T> storage_;
  Window window_;
  std::int64_t next_ = 0;
};

extern template class BasicSlidingWindow<float>;
extern template class BasicSlidingWindow<double>;
using SlidingWindowProcessor = BasicSlidingWindow<float>;

}  // namespace nest::signal
