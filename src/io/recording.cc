#include "nest/io/recording.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "nest/core/error.h"
#include "nest/core/json.h"

namespace nest::io {
namespace {

// Blocks this size stay in the second-level cache and bound the memory of a read.
constexpr std::int64_t kBlockValues = 1 << 17;

void check_channels(const RecordingInfo& info, std::span<const int> channels) {
  for (const int channel : channels) {
    require(channel >= 0 && channel < static_cast<int>(info.channels.size()),
            ErrorCode::kInvalidArgument,
            "channel {} does not exist: the recording has {} (0 to {})", channel,
            info.channels.size(), info.channels.size() - 1);
  }
}

template <class T>
void store(std::span<const double> block, std::int64_t rows, std::int64_t count, T* out,
           std::int64_t stride) {
  for (std::int64_t row = 0; row < rows; ++row) {
    const double* from = block.data() + row * count;
    std::transform(from, from + count, out + row * stride,
                   [](double value) { return static_cast<T>(value); });
  }
}

class MemoryRecording : public Recording {
 public:
  MemoryRecording(RecordingInfo info, Tensor samples) : samples_(std::move(samples)) {
    info_ = std::move(info);
  }

 private:
  void read_block(std::span<const int> channels, std::int64_t first, std::int64_t count,
                  double* out) const override {
    for (const int channel : channels) {
      const std::int64_t at = channel * info_.num_samples + first;
      if (samples_.dtype() == DType::kF64) {
        out = std::copy_n(samples_.data<double>().data() + at, count, out);
      } else {
        out = std::copy_n(samples_.data<float>().data() + at, count, out);
      }
    }
  }
  Tensor samples_;
};

}  // namespace

EnumTable enum_table(ChannelType /*of*/) {
  static constexpr EnumName kNames[] = {
      {ChannelType::kUnknown, ""},          {ChannelType::kEeg, "eeg"},
      {ChannelType::kEog, "eog"},           {ChannelType::kEcg, "ecg"},
      {ChannelType::kEmg, "emg"},           {ChannelType::kMeg, "meg"},
      {ChannelType::kIntracranial, "ieeg"}, {ChannelType::kStim, "stim"},
      {ChannelType::kMisc, "misc"}};
  return {"type of channel", kNames};
}

int RecordingInfo::channel(std::string_view name) const {
  std::string known;
  for (std::size_t i = 0; i < channels.size(); ++i) {
    const std::string_view label = channels[i].name;
    const bool is_typed = label.starts_with("EEG ") && label.substr(4) == name;
    if (label == name || is_typed) return static_cast<int>(i);
    known += (i ? ", " : "") + channels[i].name;
  }
  fail(ErrorCode::kNotFound, "no channel '{}'; the recording has: {}", name, known);
}

std::int64_t RecordingInfo::sample_at(double time_s) const {
  for (const Segment& segment : segments) {
    const double offset = std::round((time_s - segment.time_s) * rate_hz);
    if (offset < static_cast<double>(segment.num_samples)) {
      return segment.first_sample + std::max<std::int64_t>(0, static_cast<std::int64_t>(offset));
    }
  }
  return num_samples;
}

double RecordingInfo::time_of(std::int64_t sample) const {
  double time = 0;
  for (const Segment& segment : segments) {
    if (sample < segment.first_sample) break;
    time = segment.time_s + static_cast<double>(sample - segment.first_sample) / rate_hz;
  }
  return time;
}

Tensor Recording::read(std::span<const int> channels, std::int64_t first_sample, std::int64_t count,
                       DType dtype) const {
  require(dtype == DType::kF32 || dtype == DType::kF64, ErrorCode::kInvalidArgument,
          "samples are read as float32 or float64, not {}", name_of(dtype));
  require(first_sample >= 0 && count >= 0 && first_sample <= info_.num_samples &&
              count <= info_.num_samples - first_sample,
          ErrorCode::kInvalidArgument, "samples [{}, {}) leave the recording, which has {} samples",
          first_sample, first_sample + count, info_.num_samples);
  check_channels(info_, channels);
  std::vector<int> all;
  if (channels.empty()) {
    all.resize(info_.channels.size());
    std::iota(all.begin(), all.end(), 0);
    channels = all;
  }
  const auto rows = static_cast<std::int64_t>(channels.size());
  Tensor result(dtype, {rows, count});
  if (rows == 0 || count == 0) return result;
  const std::int64_t step = std::max<std::int64_t>(1, kBlockValues / rows);
  std::vector<double> block(static_cast<std::size_t>(rows * std::min(step, count)));
  for (std::int64_t at = 0; at < count; at += step) {
    const std::int64_t length = std::min(step, count - at);
    read_block(channels, first_sample + at, length, block.data());
    if (dtype == DType::kF32) {
      store(block, rows, length, result.mutable_data<float>().data() + at, count);
    } else {
      store(block, rows, length, result.mutable_data<double>().data() + at, count);
    }
  }
  return result;
}

std::shared_ptr<const Recording> make_recording(RecordingInfo info, Tensor samples) {
  require(samples.dtype() == DType::kF32 || samples.dtype() == DType::kF64,
          ErrorCode::kInvalidArgument, "samples must be float32 or float64, not {}",
          name_of(samples.dtype()));
  require(samples.rank() == 2 && samples.dim(0) == static_cast<std::int64_t>(info.channels.size()),
          ErrorCode::kInvalidArgument, "samples of shape {} do not fit {} channels",
          to_string(samples.shape()), info.channels.size());
  info.num_samples = samples.dim(1);
  if (info.segments.empty()) info.segments = {{0, info.num_samples, 0}};
  return std::make_shared<MemoryRecording>(std::move(info), std::move(samples));
}

std::optional<double> volts_per_unit(std::string_view unit) {
  struct Spelling {
    std::string_view text;
    double volts;
  };
  // The last three are a micro sign that went through a wrong code page: UTF-8 read as Latin-1,
  // Shift-JIS read as Windows-1252.
  constexpr Spelling kSpellings[] = {{"V", 1},
                                     {"v", 1},
                                     {"Volt", 1},
                                     {"Volts", 1},
                                     {"volt", 1},
                                     {"volts", 1},
                                     {"mV", 1e-3},
                                     {"mv", 1e-3},
                                     {"millivolts", 1e-3},
                                     {"nV", 1e-9},
                                     {"nv", 1e-9},
                                     {"uV", 1e-6},
                                     {"uv", 1e-6},
                                     {"\xC2\xB5V", 1e-6},
                                     {"\xCE\xBCV", 1e-6},
                                     {"microV", 1e-6},
                                     {"microvolt", 1e-6},
                                     {"microvolts", 1e-6},
                                     {"Microvolts", 1e-6},
                                     {"\xC3\x82\xC2\xB5V", 1e-6},
                                     {"\xC3\x8E\xC2\xBCV", 1e-6},
                                     {"\xC6\x92\xC3\x8AV", 1e-6}};
  for (const Spelling& spelling : kSpellings) {
    if (spelling.text == unit) return spelling.volts;
  }
  return std::nullopt;
}

Json to_json(const RecordingInfo& info) {
  Json json;
  json["format"] = info.format;
  if (!info.stream.empty()) json["stream"] = info.stream;
  if (!info.stream_id.empty()) json["stream_id"] = info.stream_id;
  json["rate_hz"] = info.rate_hz;
  json["num_samples"] = info.num_samples;
  if (info.rate_hz > 0) {
    json["duration_s"] = static_cast<double>(info.num_samples) / info.rate_hz;
  }
  if (!info.start_time.empty()) json["start_time"] = info.start_time;
  json["channels"] = Json::array();
  for (const ChannelInfo& channel : info.channels) {
    json["channels"].push_back({{"name", channel.name},
                                {"unit", channel.unit},
                                {"file_unit", channel.file_unit},
                                {"physical_min", channel.physical_min},
                                {"physical_max", channel.physical_max}});
    if (channel.type != ChannelType::kUnknown) {
      json["channels"].back()["type"] = std::string(name_of(channel.type));
    }
    if (channel.is_bad) json["channels"].back()["bad"] = true;
  }
  json["segments"] = Json::array();
  for (const Segment& segment : info.segments) {
    json["segments"].push_back({{"first_sample", segment.first_sample},
                                {"num_samples", segment.num_samples},
                                {"time_s", segment.time_s}});
  }
  json["annotations"] = Json::array();
  for (const Annotation& note : info.annotations) {
    Json entry = {{"onset_s", note.onset_s}, {"duration_s", note.duration_s}, {"text", note.text}};
    if (!note.channel.empty()) entry["channel"] = note.channel;
    json["annotations"].push_back(std::move(entry));
  }
  json["other_streams"] = Json::array();
  for (const StreamInfo& stream : info.other_streams) {
    json["other_streams"].push_back({{"name", stream.name},
                                     {"rate_hz", stream.rate_hz},
                                     {"num_channels", stream.num_channels},
                                     {"num_samples", stream.num_samples}});
    if (!stream.id.empty()) json["other_streams"].back()["id"] = stream.id;
  }
  json["warnings"] = info.warnings;
  json["notes"] = info.notes;
  return json;
}

}  // namespace nest::io
