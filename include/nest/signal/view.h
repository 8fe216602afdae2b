#pragma once

#include <cstdint>

namespace nest::signal {

/// A borrowed [channels, samples] signal: channel rows of contiguous samples, `stride` elements
/// apart.
template <class T>
struct SignalView {
  T* data = nullptr;
  std::int64_t channels = 0;
  std::int64_t samples = 0;
  std::int64_t stride = 0;

  SignalView() = default;
  SignalView(T* data_, std::int64_t channels_, std::int64_t samples_, std::int64_t stride_)
      : data(data_), channels(channels_), samples(samples_), stride(stride_) {}
  /// Rows without space between them.
  SignalView(T* data_, std::int64_t channels_, std::int64_t samples_)
      : SignalView(data_, channels_, samples_, samples_) {}

  T* row(std::int64_t channel) const { return data + channel * stride; }
  /// Samples [start, start + count) of every channel.
  SignalView slice(std::int64_t start, std::int64_t count) const {
    return {data + start, channels, count, stride};
  }
  operator SignalView<const T>() const { return {data, channels, samples, stride}; }
};

}  // namespace nest::signal
