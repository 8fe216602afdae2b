#include "data/signal_loader.h"

#include <algorithm>
#include <cmath>

#include "nest/core/error.h"
#include "nest/signal/design.h"
#include "nest/signal/filter.h"
#include "nest/signal/window_norm.h"

namespace nest::data {
namespace {

// Factor and offset from what Recording::read gives to the contract's unit.
void unit_scale(const io::ChannelInfo& channel, const DatasetInfo& info, double& gain,
                double& offset) {
  const std::string& wanted = info.signal.unit;
  if (channel.unit == wanted) {
    gain = 1;
    offset = 0;
    return;
  }
  const auto volts = io::volts_per_unit(wanted);
  const double per_volt = 1 / volts.value_or(1);
  if (channel.unit == "V" && volts) {
    gain = per_volt;
    offset = 0;
    return;
  }
  if (!channel.unit.empty()) {
    throw ProblemError(ProblemKind::kWrongUnit, ErrorCode::kInvalidArgument,
                       fmt::format("channel {} is in '{}', the contract wants '{}'", channel.name,
                                   channel.unit, wanted));
  }
  gain = info.file_gain * per_volt;
  offset = info.file_offset * per_volt;
}

signal::Sos contract_filter(const graph::SignalContract& contract) {
  signal::Sos sos;
  if (!contract.bandpass_hz.empty()) {
    sos = signal::design_butterworth(contract.bandpass_order, signal::BandKind::kBandpass,
                                     contract.bandpass_hz, contract.rate_hz);
  }
  if (contract.notch_hz > 0) {
    sos.push_back(signal::design_notch(contract.notch_hz, contract.notch_q, contract.rate_hz));
  }
  return sos;
}

void subtract_reference(const std::string& ref_electrode, Tensor& samples, std::int64_t channels) {
  if (ref_electrode.empty()) return;
  const std::int64_t count = samples.dim(1);
  const auto values = samples.mutable_data<double>();
  for (std::int64_t k = 0; k < count; ++k) {
    double reference = 0;
    if (ref_electrode == "average") {
      for (std::int64_t c = 0; c < channels; ++c) {
        reference += values[static_cast<std::size_t>(c * count + k)];
      }
      reference /= static_cast<double>(channels);
    } else {  // the last row read is the reference channel
      reference = values[static_cast<std::size_t>(channels * count + k)];
    }
    for (std::int64_t c = 0; c < channels; ++c) {
      values[static_cast<std::size_t>(c * count + k)] -= reference;
    }
  }
}

void run_filter(const signal::Sos& sos, Tensor& samples, std::int64_t channels) {
  const std::int64_t count = samples.dim(1);
  if (sos.empty() || count == 0) return;
  double* values = samples.mutable_data<double>().data();
  signal::SosFilter filter(sos, static_cast<int>(channels));
  std::vector<double> first;
  for (std::int64_t c = 0; c < channels; ++c) first.push_back(values[c * count]);
  filter.reset_to_steady_state(first);
  const signal::SignalView<double> view(values, channels, count);
  filter.process(signal::SignalView<const double>(view), view);
}

}  // namespace

ChannelMap map_channels(const io::RecordingInfo& recording, const DatasetInfo& info) {
  const graph::SignalContract& contract = info.signal;
  ChannelMap map;
  const bool unnamed = std::all_of(recording.channels.begin(), recording.channels.end(),
                                   [](const auto& channel) { return channel.name.empty(); });
  if (unnamed || contract.channels.empty()) {
    require(static_cast<std::int64_t>(recording.channels.size()) == contract.num_channels,
            ErrorCode::kInvalidArgument, "the file has {} channels, the contract {}",
            recording.channels.size(), contract.num_channels);
    for (int c = 0; c < static_cast<int>(contract.num_channels); ++c) map.channels.push_back(c);
  } else {
    for (const std::string& name : contract.channels)
      map.channels.push_back(recording.channel(name));
  }
  for (const int c : map.channels) {
    unit_scale(recording.channels[static_cast<std::size_t>(c)], info, map.gain.emplace_back(),
               map.offset.emplace_back());
  }
  if (!contract.ref_electrode.empty() && contract.ref_electrode != "average") {
    if (unnamed) {
      const auto at =
          std::find(contract.channels.begin(), contract.channels.end(), contract.ref_electrode);
      require(at != contract.channels.end(), ErrorCode::kNotFound,
              "no reference electrode '{}' among the contract's channels", contract.ref_electrode);
      map.ref_channel = static_cast<int>(at - contract.channels.begin());
    } else {
      map.ref_channel = recording.channel(contract.ref_electrode);
    }
    unit_scale(recording.channels[static_cast<std::size_t>(map.ref_channel)], info, map.ref_gain,
               map.ref_offset);
  }
  return map;
}

const io::Segment& segment_of(const io::RecordingInfo& recording, std::int64_t first,
                              std::int64_t count) {
  for (const io::Segment& segment : recording.segments) {
    const std::int64_t end = segment.first_sample + segment.num_samples;
    if (first >= end && !(count == 0 && first == end)) continue;
    if (first + count <= end) return segment;
    throw ProblemError(
        ProblemKind::kGap, ErrorCode::kInvalidArgument,
        fmt::format("samples [{}, {}) run over a gap at sample {}", first, first + count, end));
  }
  throw ProblemError(ProblemKind::kBadRange, ErrorCode::kInvalidArgument,
                     fmt::format("samples [{}, {}) leave the recording of {} samples", first,
                                 first + count, recording.num_samples));
}

void load_range(const io::Recording& recording, const ChannelMap& map, const DatasetInfo& info,
                std::int64_t first, std::int64_t count, bool filter, Tensor& out,
                std::int64_t column) {
  const graph::SignalContract& contract = info.signal;
  const signal::Sos sos = filter ? contract_filter(contract) : signal::Sos{};
  const io::Segment& segment = segment_of(recording.info(), first, count);
  const auto lead_limit =
      static_cast<std::int64_t>(std::ceil(Dataset::kLeadInSeconds * contract.rate_hz));
  const std::int64_t lead = sos.empty() ? 0 : std::min(first - segment.first_sample, lead_limit);
  std::vector<int> wanted = map.channels;
  const bool has_ref_row = filter && map.ref_channel >= 0;
  if (has_ref_row) wanted.push_back(map.ref_channel);
  Tensor samples = recording.read(wanted, first - lead, lead + count, DType::kF64);
  const auto channels = static_cast<std::int64_t>(map.channels.size());
  double* values = samples.mutable_data<double>().data();
  const std::int64_t length = lead + count;
  for (std::size_t row = 0; row < wanted.size(); ++row) {
    const bool is_ref = row == map.channels.size();
    const double gain = is_ref ? map.ref_gain : map.gain[row];
    const double offset = is_ref ? map.ref_offset : map.offset[row];
    double* at = values + static_cast<std::int64_t>(row) * length;
    for (std::int64_t k = 0; k < length; ++k) {
      at[k] = at[k] * gain + offset;
      if (std::isfinite(at[k])) continue;
      throw ProblemError(
          ProblemKind::kNotFinite, ErrorCode::kDataCorrupt,
          fmt::format("channel {} sample {} is {}; repair the file or leave the utterance out",
                      recording.info().channels[static_cast<std::size_t>(wanted[row])].name,
                      first - lead + k, at[k]));
    }
  }
  if (filter) subtract_reference(contract.ref_electrode, samples, channels);
  run_filter(sos, samples, channels);
  float* target = out.mutable_data<float>().data();
  const std::int64_t stride = out.dim(1);
  for (std::int64_t c = 0; c < channels; ++c) {
    const double* from = values + c * length + lead;
    std::transform(from, from + count, target + c * stride + column,
                   [](double value) { return static_cast<float>(value); });
  }
}

void normalize(const graph::SignalContract& contract, Tensor& signal) {
  if (contract.normalization == "fixed") {
    const std::int64_t count = signal.dim(1);
    for (std::int64_t c = 0; c < signal.dim(0); ++c) {
      float* row = signal.mutable_data<float>().data() + c * count;
      const double mean = contract.mean[static_cast<std::size_t>(c)];
      const double stddev = contract.stddev[static_cast<std::size_t>(c)];
      const double scale = stddev > 0 ? 1 / stddev : 1;
      for (std::int64_t k = 0; k < count; ++k) {
        row[k] = static_cast<float>((static_cast<double>(row[k]) - mean) * scale);
      }
    }
    return;
  }
  signal::normalize_window({.kind = contract.normalization}, signal.mutable_data<float>(),
                           signal.dim(0));
}

}  // namespace nest::data
