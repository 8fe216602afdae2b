#include "nest/contract/quality.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace nest::contract {
namespace {

constexpr double kFlatSeconds = 0.5;
constexpr std::int64_t kRailSamples = 3;  ///< held there so long, it counts as a stop
constexpr std::int64_t kRailStops = 3;    ///< a peak may be that broad once

}  // namespace

QualityMonitor::QualityMonitor(const graph::SignalContract& contract, const SourceMatch& match)
    : rows_(match.rows.begin(), match.rows.begin() + contract.num_channels),
      channels_(rows_.size()),
      flat_samples_(
          std::max<std::int64_t>(kRailSamples + 1, std::llround(kFlatSeconds * match.rate_hz))) {}

void QualityMonitor::look(Channel& c, double value) noexcept {
  if (!std::isfinite(value)) {
    ++c.non_finite;
    c.run = 0;
    return;
  }
  c.run = value == c.previous && c.run > 0 ? c.run + 1 : 1;
  c.previous = value;
  if (c.run >= flat_samples_) c.flat += c.run == flat_samples_ ? flat_samples_ : 1;
  if (value < c.low.value) c.low = {value};
  if (value > c.high.value) c.high = {value};
  if (c.run < kRailSamples) return;
  for (Rail* rail : {&c.low, &c.high}) {
    if (value != rail->value) continue;
    if (c.run == kRailSamples) ++rail->stops;
    rail->held += c.run == kRailSamples ? kRailSamples : 1;
  }
}

template <class T>
void QualityMonitor::add_all(signal::SignalView<const T> samples) noexcept {
  for (std::size_t c = 0; c < channels_.size(); ++c) {
    const T* row = samples.row(rows_[c]);
    for (std::int64_t t = 0; t < samples.samples; ++t) {
      look(channels_[c], static_cast<double>(row[t]));
    }
  }
  samples_ += samples.samples;
}

void QualityMonitor::add(signal::SignalView<const float> samples) noexcept {
  add_all(samples);
}
void QualityMonitor::add(signal::SignalView<const double> samples) noexcept {
  add_all(samples);
}

void QualityMonitor::end_segment() noexcept {
  for (Channel& channel : channels_) channel.run = 0;
}

std::vector<ChannelQuality> QualityMonitor::channels() const {
  std::vector<ChannelQuality> result;
  for (const Channel& c : channels_) {
    ChannelQuality& quality = result.emplace_back();
    quality.non_finite = c.non_finite;
    quality.flat = c.flat;
    for (const Rail& rail : {c.low, c.high}) {
      if (rail.stops >= kRailStops) quality.clipped += rail.held;
    }
  }
  return result;
}

std::string channel_name(const graph::SignalContract& contract, std::size_t channel) {
  return channel < contract.channels.size() ? contract.channels[channel]
                                            : fmt::format("channel {}", channel);
}

std::string describe(const QualityMonitor& monitor, const graph::SignalContract& contract,
                     double rate_hz) {
  std::string text;
  const auto channels = monitor.channels();
  for (std::size_t c = 0; c < channels.size(); ++c) {
    const ChannelQuality& quality = channels[c];
    if (quality.is_good()) continue;
    std::string what;
    const auto add = [&what](const std::string& part) {
      what += (what.empty() ? "" : ", ") + part;
    };
    if (quality.non_finite > 0) add(fmt::format("{} values NaN or infinite", quality.non_finite));
    if (quality.flat > 0) {
      add(fmt::format("flat for {:.1f} s", static_cast<double>(quality.flat) / rate_hz));
    }
    if (quality.clipped > 0) add(fmt::format("clipped in {} samples", quality.clipped));
    text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", channel_name(contract, c), what);
  }
  return text;
}

}  // namespace nest::contract
