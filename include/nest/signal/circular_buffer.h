#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "nest/signal/view.h"

namespace nest::signal {

/// What became of a request for a window.
enum class WindowStatus {
  kOk,
  kNotYet,       ///< more samples are asked for than have arrived
  kOverwritten,  ///< some of the samples have left the buffer, or never fitted into it
  kBadShape,     ///< the destination has other channels, or the length is negative
};

/// The last `capacity` samples of a stream, for any chunk size.
///
/// Samples are numbered from 0 at construction or clear(). A chunk longer than the buffer keeps its
/// end. Nothing is allocated after construction and nothing throws.
/// State:    thread-compatible
template <class T>
class BasicCircularBuffer {
 public:
  /// Errors: InvalidArgument unless both are at least 1.
  BasicCircularBuffer(int channels, std::int64_t capacity_samples);

  int channels() const noexcept { return channels_; }
  std::int64_t capacity() const noexcept { return capacity_; }
  /// Samples held now.
  std::int64_t size() const noexcept { return total_ < capacity_ ? total_ : capacity_; }
  /// Samples appended so far: the number of the next one.
  std::int64_t total() const noexcept { return total_; }

  void clear() noexcept { total_ = 0; }
  /// `chunk` must have channels() rows; false (and nothing appended) if it has not.
  bool append(SignalView<const T> chunk) noexcept;

  /// Copies samples [start, start + out.samples) of the stream into `out`.
  [[nodiscard]] WindowStatus read(std::int64_t start, SignalView<T> out) const noexcept;
  /// Copies the newest out.samples samples.
  [[nodiscard]] WindowStatus latest(SignalView<T> out) const noexcept {
    return out.samples > capacity_ ? WindowStatus::kOverwritten : read(total_ - out.samples, out);
  }

  /// The newest samples of one channel without a copy: `older` then `newer`.
  struct Spans {
    std::span<const T> older;
    std::span<const T> newer;
  };
  /// Nothing if the channel does not exist or fewer than `samples` samples are held.
  /// The spans are valid until the next append() or clear().
  std::optional<Spans> latest_spans(int channel, std::int64_t samples) const noexcept;

 private:
  int channels_;
  std::int64_t capacity_;
  std::int64_t total_ = 0;
  std::vector<T> storage_;  // [channels, capacity]
};

extern template class BasicCircularBuffer<float>;
extern template class BasicCircularBuffer<double>;
using CircularBuffer = BasicCircularBuffer<float>;

}  // namespace nest::signal
