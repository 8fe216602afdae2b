#include "nest/signal/circular_buffer.h"

#include <algorithm>

#include "nest/core/error.h"

namespace nest::signal {

template <class T>
BasicCircularBuffer<T>::BasicCircularBuffer(int channels, std::int64_t capacity_samples)
    : channels_(channels), capacity_(capacity_samples) {
  require(channels >= 1 && capacity_samples >= 1, ErrorCode::kInvalidArgument,
          "circular buffer: {} channels x {} samples; both must be at least 1", channels,
          capacity_samples);
  storage_.assign(static_cast<std::size_t>(channels) * static_cast<std::size_t>(capacity_samples),
                  T{});
}

template <class T>
bool BasicCircularBuffer<T>::append(SignalView<const T> chunk) noexcept {
  if (chunk.channels != channels_ || chunk.samples < 0) return false;
  const std::int64_t kept = std::min(chunk.samples, capacity_);
  const std::int64_t skipped = chunk.samples - kept;
  const std::int64_t begin = (total_ + skipped) % capacity_;
  const std::int64_t until_wrap = std::min(kept, capacity_ - begin);
  for (int c = 0; c < channels_; ++c) {
    const T* from = chunk.row(c) + skipped;
    T* row = storage_.data() + c * capacity_;
    std::copy_n(from, until_wrap, row + begin);
    std::copy_n(from + until_wrap, kept - until_wrap, row);
  }
  total_ += chunk.samples;
  return true;
}

template <class T>
WindowStatus BasicCircularBuffer<T>::read(std::int64_t start, SignalView<T> out) const noexcept {
  if (out.channels != channels_ || out.samples < 0) return WindowStatus::kBadShape;
  if (out.samples > total_ - start) return WindowStatus::kNotYet;
  if (start < 0) return WindowStatus::kNotYet;
  if (start < total_ - size()) return WindowStatus::kOverwritten;
  const std::int64_t begin = start % capacity_;
  const std::int64_t until_wrap = std::min(out.samples, capacity_ - begin);
  for (int c = 0; c < channels_; ++c) {
    const T* row = storage_.data() + c * capacity_;
    std::copy_n(row + begin, until_wrap, out.row(c));
    std::copy_n(row, out.samples - until_wrap, out.row(c) + until_wrap);
  }
  return WindowStatus::kOk;
}

template <class T>
auto BasicCircularBuffer<T>::latest_spans(int channel, std::int64_t samples) const noexcept
    -> std::optional<Spans> {
  if (channel < 0 || channel >= channels_ || samples < 0 || samples > size()) return std::nullopt;
  const std::int64_t begin = (total_ - samples) % capacity_;
  const std::int64_t until_wrap = std::min(samples, capacity_ - begin);
  const T* row = storage_.data() + channel * capacity_;
  return Spans{{row + begin, static_cast<std::size_t>(until_wrap)},
               {row, static_cast<std::size_t>(samples - until_wrap)}};
}

template class BasicCircularBuffer<float>;
template class BasicCircularBuffer<double>;

}  // namespace nest::signal
