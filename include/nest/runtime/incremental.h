#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "nest/runtime/session.h"

namespace nest::runtime {

/// A causal encoder that computes only what new samples add.
///
///   IncrementalEncoder encoder(prepare(model), {.frames_per_step = 4});
///   encoder.push(samples, stride, count, [&](std::span<const float> frames) { use(frames); });
///
/// The frames are bit for bit those of the graph "encoder" on the whole signal, for any chunking
/// and any frames_per_step (tests/runtime/incremental_test.cc). After construction push() allocates
/// nothing. State: one thread.
class IncrementalEncoder {
 public:
  struct Options {
    /// Frames computed at once: fewer answer earlier, more cost less a frame. Raised to the next
    /// multiple of what chunked attention needs.
    std::int64_t frames_per_step = 1;
    std::shared_ptr<Machine> machine = nullptr;  ///< null: an own one of default options
  };
  /// Errors: Unsupported as graph::make_streaming_step; InvalidArgument.
  IncrementalEncoder(std::shared_ptr<const PreparedModel> prepared, const Options& options);
  ~IncrementalEncoder();
  IncrementalEncoder(IncrementalEncoder&&) noexcept;
  IncrementalEncoder& operator=(IncrementalEncoder&&) noexcept;

  std::int64_t channels() const;
  std::int64_t samples_per_frame() const;
  std::int64_t frames_per_step() const;
  std::int64_t frame_dim() const;
  /// Frames given out since construction or reset().
  std::int64_t frames() const;
  std::int64_t arena_bytes() const;

  /// Takes samples[c * stride + t] for t < count; calls sink(frames [frames_per_step, dim]) once a
  /// completed step. The span is valid until the sink returns.
  /// Errors: InvalidArgument when the model's table of positions ends.
  template <class Sink>
  void push(const float* samples, std::int64_t stride, std::int64_t count, Sink&& sink) {
    while (count > 0) {
      const std::int64_t taken = take(samples, stride, count);
      samples += taken;
      count -= taken;
      if (is_full()) sink(run());
    }
  }
  /// Runs the whole frames that filled no step and gives them to the sink; what fills no frame is
  /// dropped. Only push() after reset() may follow. Allocates.
  template <class Sink>
  void finish(Sink&& sink) {
    if (const std::span<const float> rest = run_rest(); !rest.empty()) sink(rest);
  }
  /// Forgets every sample, as after a gap.
  void reset() noexcept;

 private:
  std::int64_t take(const float* samples, std::int64_t stride, std::int64_t count) noexcept;
  bool is_full() const noexcept;
  std::span<const float> run();
  std::span<const float> run_rest();

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nest::runtime
