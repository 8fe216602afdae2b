#include "nest/contract/filter_recording.h"

#include <algorithm>

#include <fmt/ranges.h>

#include "nest/contract/electrode.h"
#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "nest/signal/design.h"

namespace nest::contract {
namespace {

bool holds_voltage(const io::ChannelInfo& channel) {
  return io::volts_per_unit(channel.unit).has_value() && channel.type != io::ChannelType::kStim;
}

std::vector<int> picked_channels(const io::RecordingInfo& info,
                                 const std::vector<std::string>& wanted) {
  std::vector<int> picks;
  std::vector<std::string> labels;
  for (const io::ChannelInfo& channel : info.channels) labels.push_back(channel.name);
  for (const std::string& name : wanted) {
    const ElectrodeMatch found = find_electrode(labels, name);
    require(found.row >= 0, ErrorCode::kDataCorrupt, "channel {} is missing; there are: {}", name,
            fmt::join(labels, ", "));
    picks.push_back(static_cast<int>(found.row));
  }
  if (!picks.empty()) return picks;
  const bool has_voltages = std::ranges::any_of(info.channels, holds_voltage);
  for (std::size_t c = 0; c < info.channels.size(); ++c) {
    if (!has_voltages || holds_voltage(info.channels[c])) picks.push_back(static_cast<int>(c));
  }
  return picks;
}

/// Parts one behind the other. Shapes: [channels, n_i] float64 -> [channels, sum of n_i].
Tensor joined(const std::vector<Tensor>& parts, std::int64_t channels) {
  std::int64_t samples = 0;
  for (const Tensor& part : parts) samples += part.dim(1);
  Tensor whole(DType::kF64, {channels, samples});
  double* to = whole.mutable_data<double>().data();
  for (std::int64_t c = 0; c < channels; ++c) {
    for (const Tensor& part : parts) {
      to = std::copy_n(part.data<double>().data() + c * part.dim(1), part.dim(1), to);
    }
  }
  return whole;
}

/// The original's description with the channels that were filtered; segments are still to come.
io::RecordingInfo describe(const io::RecordingInfo& original, const std::vector<int>& picks,
                           const signal::OnlinePreprocessor& preprocessor) {
  io::RecordingInfo info = original;
  info.rate_hz = preprocessor.output_rate_hz();
  info.segments.clear();
  info.channels.clear();
  for (const int pick : picks) {
    io::ChannelInfo& channel =
        info.channels.emplace_back(original.channels[static_cast<std::size_t>(pick)]);
    channel.physical_min = 0;
    channel.physical_max = 0;
    if (preprocessor.options().normalization != signal::Normalization::kNone) channel.unit = "";
  }
  return info;
}

std::vector<std::string> left_out(const io::RecordingInfo& info, const std::vector<int>& picks) {
  std::vector<std::string> names;
  for (std::size_t c = 0; c < info.channels.size(); ++c) {
    const bool is_picked = std::ranges::find(picks, static_cast<int>(c)) != picks.end();
    if (!is_picked) names.push_back(info.channels[c].name);
  }
  return names;
}

}  // namespace

void visit_fields(FieldVisitor& visitor, FilterRecordingOptions& o) {
  visitor.part("", o.preprocess);
  visitor.group("Recording");
  visitor.field("channels", o.channels,
                "electrodes to filter; default: every channel that holds a voltage");
  visitor.field("chunk_samples", o.chunk_samples, "samples a step; 0: all at once (same result)",
                at_least(0), {.flag = "chunk"});
}

FilteredRecording filter_recording(const io::Recording& recording,
                                   const FilterRecordingOptions& options) {
  const io::RecordingInfo& info = recording.info();
  require(info.rate_hz > 0, ErrorCode::kInvalidArgument,
          "the recording states no sampling rate; open it with its rate");
  const std::vector<int> picks = picked_channels(info, options.channels);
  require(!picks.empty(), ErrorCode::kDataCorrupt, "the recording has no channel");
  signal::OnlinePreprocessorOptions preprocess = options.preprocess;
  preprocess.channels = static_cast<int>(picks.size());
  preprocess.rate_hz = info.rate_hz;
  signal::OnlinePreprocessor preprocessor(preprocess);
  io::RecordingInfo about = describe(info, picks, preprocessor);
  std::vector<Tensor> parts;
  std::int64_t first = 0;
  for (const io::Segment& segment : info.segments) {
    const Tensor raw =
        recording.read(picks, segment.first_sample, segment.num_samples, DType::kF64);
    parts.push_back(with_context(fmt::format("from sample {}", segment.first_sample), [&] {
      return signal::process_all(preprocessor, raw, options.chunk_samples);
    }));
    about.segments.push_back({first, parts.back().dim(1), segment.time_s});
    first += parts.back().dim(1);
  }
  return {.recording = io::make_recording(std::move(about),
                                          joined(parts, static_cast<std::int64_t>(picks.size()))),
          .left_out = left_out(info, picks),
          .counts = preprocessor.counts(),
          .sos = preprocessor.sos(),
          .preprocess = preprocess};
}

Json to_json(const FilteredRecording& filtered) {
  const io::RecordingInfo& info = filtered.recording->info();
  return {{"shape", {info.channels.size(), info.num_samples}},
          {"output_rate_hz", info.rate_hz},
          {"annotations", info.annotations.size()},
          {"segments", info.segments.size()},
          {"left_out", filtered.left_out},
          {"replaced_values", filtered.counts.non_finite},
          {"settling_samples", signal::settling_samples(filtered.sos)},
          {"sos", signal::sos_to_json(filtered.sos)},
          {"options", nest::to_json(filtered.preprocess)}};
}

std::string filtered_text(const FilteredRecording& filtered) {
  const io::RecordingInfo& info = filtered.recording->info();
  std::string text =
      fmt::format("{} channels x {} samples at {} Hz, {} annotations\n", info.channels.size(),
                  info.num_samples, info.rate_hz, info.annotations.size());
  if (!filtered.left_out.empty()) {
    text += fmt::format("left out               {}\n", fmt::join(filtered.left_out, ", "));
  }
  return text + fmt::format(
                    "second-order sections  {}\nsettling time (1 %)    {:.3g} s\nvalues replaced   "
                    "     {}\n",
                    filtered.sos.size(),
                    signal::settling_samples(filtered.sos) / filtered.preprocess.rate_hz,
                    filtered.counts.non_finite);
}

}  // namespace nest::contract
