#include "io/edf_range.h"

#include <algorithm>
#include <cmath>

#include "io/edf_fields.h"
#include "nest/core/error.h"

namespace nest::io {
namespace {

/// A channel's stated range may be this many times its own before its steps count as lost.
constexpr double kMostWidening = 1000;

// The unit and the texts of a channel's range [low, high], which is in the channel's unit.
EdfRange range_of(const ChannelInfo& channel, double low, double high) {
  constexpr double kLargest = 9999999, kSmallest = 1e-3;  // with five digits of a range behind it
  EdfRange range;
  range.unit = channel.unit;
  if (channel.unit == "V") {
    const double most = std::max(std::abs(low), std::abs(high));
    const auto fits = [&](double per_volt) {
      return most * per_volt <= kLargest && (high - low) * per_volt >= kSmallest;
    };
    range.scale = 1e6;
    for (const double per_volt : {1.0, 1e3, 1e9, 1e6}) {
      if (fits(per_volt)) range.scale = per_volt;  // the last one that does
    }
    range.unit = range.scale == 1e6   ? "uV"
                 : range.scale == 1e9 ? "nV"
                 : range.scale == 1e3 ? "mV"
                                      : "V";
  }
  range.low_text = edf_limit(low * range.scale, false);
  range.high_text = edf_limit(high * range.scale, true);
  range.low = edf_value(range.low_text);
  range.high = edf_value(range.high_text);
  require(range.high - range.low <= kMostWidening * (high - low) * range.scale,
          ErrorCode::kInvalidArgument,
          "channel {} spans {} to {} {}, which the 8 characters of EDF cannot say; scale it first",
          channel.name, low, high, channel.unit);
  range.gain = (range.high - range.low) / (kEdfDigitalMax - kEdfDigitalMin);
  return range;
}

}  // namespace

std::vector<EdfRange> edf_ranges(const Recording& recording, const EdfWriteOptions& options) {
  const RecordingInfo& info = recording.info();
  const std::size_t count = info.channels.size();
  std::vector<double> low = options.physical_min;
  std::vector<double> high = options.physical_max;
  require(low.size() == high.size() && (low.empty() || low.size() == count),
          ErrorCode::kInvalidArgument, "{} physical ranges for {} channels", low.size(), count);
  const bool measure = low.empty();
  if (measure) {
    low.assign(count, INFINITY);
    high.assign(count, -INFINITY);
  }
  const std::int64_t block =
      std::max<std::int64_t>(1, (1 << 18) / static_cast<std::int64_t>(count));
  for (std::int64_t at = 0; at < info.num_samples; at += block) {
    const std::int64_t length = std::min(block, info.num_samples - at);
    const Tensor samples = recording.read({}, at, length, DType::kF64);
    const auto values = samples.data<double>();
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::size_t channel = i / static_cast<std::size_t>(length);
      require(std::isfinite(values[i]), ErrorCode::kInvalidArgument,
              "channel {} sample {} is {}; EDF holds finite values only",
              info.channels[channel].name, at + static_cast<std::int64_t>(i) % length, values[i]);
      if (!measure) continue;
      low[channel] = std::min(low[channel], values[i]);
      high[channel] = std::max(high[channel], values[i]);
    }
  }
  std::vector<EdfRange> result;
  for (std::size_t i = 0; i < count; ++i) {
    if (!(low[i] < high[i])) {  // constant or empty: any range that holds the value
      const double value = std::isfinite(low[i]) ? low[i] : 0;
      const double margin =
          value == 0 ? (info.channels[i].unit == "V" ? 1e-6 : 1) : std::abs(value) / 2;
      low[i] = value - margin;
      high[i] = value + margin;
    }
    result.push_back(range_of(info.channels[i], low[i], high[i]));
  }
  return result;
}

}  // namespace nest::io
