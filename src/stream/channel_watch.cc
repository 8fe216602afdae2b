#include "channel_watch.h"

#include <algorithm>
#include <cmath>

namespace nest::stream {
namespace {

constexpr FaultKind kKinds[] = {FaultKind::kFlat, FaultKind::kNoisy, FaultKind::kNotFinite};

}  // namespace

ChannelWatch::ChannelWatch(std::int64_t channels, const contract::SourceMatch& match,
                           double noisy_factor)
    : rows_(match.rows.begin(), match.rows.begin() + channels),
      gain_(match.gain.begin(), match.gain.begin() + channels),
      channels_(rows_.size()),
      sorted_(rows_.size()),
      second_(std::max<std::int64_t>(4, std::llround(match.rate_hz))),
      noisy_factor_(noisy_factor) {
  changes_.reserve(channels_.size() * 3);
}

void ChannelWatch::look(Channel& c, double value) {
  if (!std::isfinite(value)) {
    c.is_finite = false;
    return;
  }
  if (at_ == 0) {
    c.first = value;
  } else {
    c.energy += (value - c.last) * (value - c.last);
  }
  c.is_flat = c.is_flat && value == c.first;
  c.last = value;
}

template <class T>
void ChannelWatch::add(signal::SignalView<const T> samples) {
  changes_.clear();
  for (std::int64_t t = 0; t < samples.samples; ++t) {
    for (std::size_t c = 0; c < channels_.size(); ++c)
      look(channels_[c], static_cast<double>(samples.row(rows_[c])[t]) * gain_[c]);
    if (++at_ == second_) close_second();
  }
}
template void ChannelWatch::add(signal::SignalView<const float>);
template void ChannelWatch::add(signal::SignalView<const double>);

double ChannelWatch::bad_share() const {
  const auto is_bad = [](const Channel& c) {
    return std::ranges::find(c.is_bad, true) != c.is_bad.end();
  };
  return static_cast<double>(std::ranges::count_if(channels_, is_bad)) /
         static_cast<double>(channels_.size());
}

void ChannelWatch::set(std::size_t channel, std::size_t which, bool is_bad) {
  bool& now = channels_[channel].is_bad[which];
  if (now == is_bad) return;
  now = is_bad;
  num_bad_ += is_bad ? 1 : -1;
  changes_.push_back({channel, kKinds[which], is_bad});
}

void ChannelWatch::close_second() {
  for (std::size_t c = 0; c < channels_.size(); ++c) sorted_[c] = channels_[c].energy;
  const auto middle = sorted_.begin() + static_cast<std::ptrdiff_t>(sorted_.size() / 2);
  std::nth_element(sorted_.begin(), middle, sorted_.end());
  const double loud = *middle * noisy_factor_ * noisy_factor_;
  for (std::size_t c = 0; c < channels_.size(); ++c) {
    Channel& channel = channels_[c];
    set(c, 0, channel.is_flat && channel.is_finite);
    set(c, 1, loud > 0 && channel.energy > loud);
    set(c, 2, !channel.is_finite);
    channel.energy = 0;
    channel.is_flat = channel.is_finite = true;
  }
  at_ = 0;
}

}  // namespace nest::stream
