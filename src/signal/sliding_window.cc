#include "nest/signal/sliding_window.h"

#include <algorithm>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/options.h"

namespace nest::signal {

void visit_fields(FieldVisitor& visitor, SlidingWindowOptions& o) {
  visitor.field("channels", o.channels, "of the signal", at_least(1), kNoFlag);
  visitor.field("window_samples", o.window_samples, "window length in samples", at_least(1),
                {.flag = "window"});
  visitor.field("hop_samples", o.hop_samples, "samples from one window to the next", at_least(1),
                {.flag = "hop"});
}

namespace {

const SlidingWindowOptions& checked(const SlidingWindowOptions& options) {
  nest::validate(options);
  return options;
}

}  // namespace

template <class T>
BasicSlidingWindow<T>::BasicSlidingWindow(const SlidingWindowOptions& options)
    : options_(checked(options)),
      buffer_(options.channels, options.window_samples),
      storage_(static_cast<std::size_t>(options.channels * options.window_samples)),
      window_{0, 0, {storage_.data(), options.channels, options.window_samples}} {}

template <class T>
std::int64_t BasicSlidingWindow<T>::take(SignalView<const T> chunk) noexcept {
  const std::int64_t wanted = std::min(chunk.samples, next_end() - buffer_.total());
  buffer_.append(chunk.slice(0, wanted));
  return wanted;
}

template <class T>
auto BasicSlidingWindow<T>::fetch() noexcept -> const Window* {
  window_.index = next_;
  window_.start_sample = next_ * options_.hop_samples;
  window_.data = {storage_.data(), options_.channels, options_.window_samples};
  // Cannot fail: the buffer holds exactly one window and its last sample has just arrived.
  (void)buffer_.latest({storage_.data(), options_.channels, options_.window_samples});
  ++next_;
  return &window_;
}

template <class T>
void BasicSlidingWindow<T>::reset() noexcept {
  buffer_.clear();
  next_ = 0;
}

template class BasicSlidingWindow<float>;
template class BasicSlidingWindow<double>;

}  // namespace nest::signal
