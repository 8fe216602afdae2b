#include "io/brainvision.h"

#include <algorithm>
#include <cmath>

#include "io/brainvision_header.h"
#include "io/companions.h"
#include "io/wall_time.h"
#include "nest/core/error.h"
#include "nest/core/file.h"

namespace nest::io {
namespace {

enum class Sample { kInt16, kInt32, kFloat32 };

class BrainVisionRecording : public Recording {
 public:
  BrainVisionRecording(std::string_view header_text, std::string_view markers,
                       std::shared_ptr<const ByteSource> data, const OpenOptions& options)
      : data_(std::move(data)) {
    const BrainVisionText header(header_text, "header", departures_);
    info_.format = "BrainVision";
    read_layout(header);
    read_channels(header);
    count_samples(header, options.allow_truncated);
    if (!markers.empty()) read_markers(markers);
    for (std::string& line : departures_.lines()) info_.warnings.push_back(std::move(line));
  }

  void warn(std::string warning) { info_.warnings.push_back(std::move(warning)); }

 private:
  void read_layout(const BrainVisionText& header) {
    const std::string format = header.at("common infos", "dataformat");
    require(format == "BINARY", ErrorCode::kUnsupported,
            "header: [common infos] DataFormat={} is not supported, only BINARY", format);
    const std::string domain = header.get("common infos", "datatype");
    require(domain.empty() || domain == "TIMEDOMAIN", ErrorCode::kUnsupported,
            "header: [common infos] DataType={} is not supported, only TIMEDOMAIN", domain);
    const std::string order = header.at("common infos", "dataorientation");
    require(order == "MULTIPLEXED" || order == "VECTORIZED", ErrorCode::kDataCorrupt,
            "header: [common infos] DataOrientation={} is unknown", order);
    is_multiplexed_ = order == "MULTIPLEXED";
    const std::string type = header.at("binary infos", "binaryformat");
    require(type == "INT_16" || type == "INT_32" || type == "IEEE_FLOAT_32",
            ErrorCode::kUnsupported, "header: [binary infos] BinaryFormat={} is not supported",
            type);
    type_ = type == "INT_16"   ? Sample::kInt16
            : type == "INT_32" ? Sample::kInt32
                               : Sample::kFloat32;
    width_ = type_ == Sample::kInt16 ? 2 : 4;
    const double interval_us = brainvision_number(header.at("common infos", "samplinginterval"),
                                                  "header: [common infos] SamplingInterval");
    require(interval_us > 1e-3, ErrorCode::kDataCorrupt,
            "header: [common infos] SamplingInterval={} is impossible", interval_us);
    info_.rate_hz = 1e6 / interval_us;
  }

  void read_channels(const BrainVisionText& header) {
    num_channels_ = header.integer("common infos", "numberofchannels");
    // a channel takes a line of the header or at least a byte of the data
    require(num_channels_ <= 100000, ErrorCode::kDataCorrupt,
            "header: [common infos] NumberOfChannels={} is impossible", num_channels_);
    const auto lines = brainvision_channel_lines(header, num_channels_, departures_);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      names_.emplace_back();
      if (lines[i].empty()) {
        departures_.add("channel left out",
                        fmt::format("Ch{}: the header has no line for it", i + 1));
        continue;
      }
      try {
        add_channel(i, lines[i]);
      } catch (const Error& error) {
        if (error.code() != ErrorCode::kDataCorrupt) throw;
        departures_.add("channel left out", fmt::format("Ch{}: {}", i + 1, error.what()));
      }
    }
    require(!index_.empty(), ErrorCode::kDataCorrupt, "header: no channel can be read: {}",
            fmt::join(departures_.lines(), "; "));
  }

  void add_channel(std::size_t i, const std::string& line) {
    const auto fields = brainvision_fields(line);
    ChannelInfo channel;
    channel.name = fields[0].empty() ? fmt::format("Ch{}", i + 1) : fields[0];
    names_.back() = channel.name;
    const std::string resolution = fields.size() > 2 ? fields[2] : "";
    const std::string unit = fields.size() > 3 && !fields[3].empty() ? fields[3] : "uV";
    const double step = resolution.empty() ? 1 : brainvision_number(resolution, "the resolution");
    const auto volts = volts_per_unit(unit);
    gain_.push_back(step * volts.value_or(1));
    channel.unit = volts ? "V" : unit;
    channel.file_unit = unit;
    if (type_ != Sample::kFloat32) {
      const double steps = type_ == Sample::kInt16 ? 32768.0 : 2147483648.0;
      channel.physical_min = -steps * gain_.back();
      channel.physical_max = (steps - 1) * gain_.back();
    }
    index_.push_back(static_cast<std::int64_t>(i));
    info_.channels.push_back(std::move(channel));
  }

  void count_samples(const BrainVisionText& header, bool allow_truncated) {
    const auto size = static_cast<std::int64_t>(data_->size());
    const std::int64_t frame = num_channels_ * width_;
    info_.num_samples = size / frame;
    if (!header.get("common infos", "datapoints").empty()) {
      const std::int64_t declared = header.integer("common infos", "datapoints");
      if (declared > info_.num_samples) {
        const std::string what = fmt::format(
            "truncated: the header declares {} samples of {} channels, the data file of {} bytes "
            "has "
            "{}",
            declared, num_channels_, size, info_.num_samples);
        require(allow_truncated && is_multiplexed_, ErrorCode::kDataCorrupt,
                "{}; the complete part of a multiplexed file reads with "
                "`allow_truncated`",
                what);
        info_.warnings.push_back(what);
      } else {
        info_.num_samples = declared;
      }
    } else {
      require(size % frame == 0 || allow_truncated, ErrorCode::kDataCorrupt,
              "truncated: the data file of {} bytes is no multiple of {} channels of {} bytes",
              size, num_channels_, width_);
    }
    info_.segments = {{0, info_.num_samples, 0}};
  }

  void read_markers(std::string_view raw) {
    std::optional<BrainVisionText> text;
    try {
      text.emplace(raw, "marker file", departures_);
    } catch (const Error& error) {  // the samples do not depend on it
      departures_.add("no marker can be read", error.what());
      return;
    }
    std::optional<std::int64_t> first_date;
    std::int64_t before = 0;
    for (const auto& [number, line] : text->numbered("marker infos", "mk")) {
      if (number == before)
        departures_.add("marker number given twice", fmt::format("Mk{}", number));
      before = number;
      try {
        add_marker(line, first_date);
      } catch (const Error& error) {
        departures_.add("marker left out", fmt::format("Mk{}: {}", number, error.what()));
      }
    }
    for (Annotation& note : info_.annotations) {  // from sample counts to time, gaps included
      note.onset_s = info_.time_of(std::llround(note.onset_s * info_.rate_hz));
    }
    std::stable_sort(info_.annotations.begin(), info_.annotations.end(),
                     [](const auto& a, const auto& b) { return a.onset_s < b.onset_s; });
  }

  void add_marker(const std::string& line, std::optional<std::int64_t>& first_date) {
    const auto fields = brainvision_marker_fields(line, departures_);
    require(fields.size() >= 4, ErrorCode::kDataCorrupt, "'{}' has fewer than 4 fields", line);
    const double position = brainvision_number(fields[2], "position");
    const double length = brainvision_number(fields[3].empty() ? "0" : fields[3], "size");
    const double channel =
        brainvision_number(fields.size() > 4 && !fields[4].empty() ? fields[4] : "0", "channel");
    require(position >= 0 && position <= 0x1p53 && length >= 0, ErrorCode::kDataCorrupt,
            "'{}' has a negative position or size", line);
    const auto sample = std::max<std::int64_t>(0, static_cast<std::int64_t>(position) - 1);
    if (lower_ascii(fields[0]) == "new segment") {
      begin_segment(sample, fields.size() > 5 ? fields[5] : "", first_date);
    }
    Annotation note;
    note.onset_s = static_cast<double>(sample) / info_.rate_hz;
    note.duration_s = length / info_.rate_hz;
    note.text = fields[0] + "/" + fields[1];
    if (channel >= 1 && channel <= static_cast<double>(num_channels_)) {
      note.channel = names_[static_cast<std::size_t>(channel) - 1];
    }
    info_.annotations.push_back(std::move(note));
  }

  void begin_segment(std::int64_t sample, const std::string& date,
                     std::optional<std::int64_t>& first_date) {
    const auto time_us = brainvision_date_us(date);
    if (sample == 0) {
      first_date = time_us;
      if (time_us) info_.start_time = iso_wall_time(*time_us);
      return;
    }
    Segment& last = info_.segments.back();
    if (sample <= last.first_sample || sample >= info_.num_samples) return;
    last.num_samples = sample - last.first_sample;
    const double end_s = last.time_s + static_cast<double>(last.num_samples) / info_.rate_hz;
    const bool has_dates = first_date && time_us && *time_us >= *first_date;
    const double time =
        has_dates ? std::max(end_s, 1e-6 * static_cast<double>(*time_us - *first_date)) : end_s;
    info_.segments.push_back({sample, info_.num_samples - sample, time});
  }

  double decode(const std::byte* at) const {
    if (type_ == Sample::kInt16) return load_le<std::int16_t>(at);
    if (type_ == Sample::kInt32) return load_le<std::int32_t>(at);
    return static_cast<double>(load_le<float>(at));
  }

  void read_block(std::span<const int> channels, std::int64_t first, std::int64_t count,
                  double* out) const override {
    std::vector<std::byte> bytes;
    if (is_multiplexed_) {
      const std::int64_t frame = num_channels_ * width_;
      // whole frames are read, so the piece is bounded by the file's channels, not the caller's
      const std::int64_t step = std::max<std::int64_t>(1, (std::int64_t{1} << 20) / frame);
      for (std::int64_t at = 0; at < count; at += step) {
        const std::int64_t take = std::min(step, count - at);
        bytes.resize(static_cast<std::size_t>(take * frame));
        data_->read_at(static_cast<std::uint64_t>((first + at) * frame), bytes);
        for (std::size_t row = 0; row < channels.size(); ++row) {
          const auto channel = static_cast<std::size_t>(channels[row]);
          const std::byte* from = bytes.data() + index_[channel] * width_;
          const double gain = gain_[channel];
          double* target = out + static_cast<std::int64_t>(row) * count + at;
          for (std::int64_t k = 0; k < take; ++k) target[k] = decode(from + k * frame) * gain;
        }
      }
      return;
    }
    bytes.resize(static_cast<std::size_t>(count * width_));
    for (const int shown : channels) {
      const auto channel = static_cast<std::size_t>(shown);
      const std::int64_t at = (index_[channel] * info_.num_samples + first) * width_;
      data_->read_at(static_cast<std::uint64_t>(at), bytes);
      const double gain = gain_[channel];
      for (std::int64_t k = 0; k < count; ++k) *out++ = decode(bytes.data() + k * width_) * gain;
    }
  }

  std::shared_ptr<const ByteSource> data_;
  bool is_multiplexed_ = true;
  Sample type_ = Sample::kInt16;
  std::int64_t width_ = 2;
  std::int64_t num_channels_ = 0;
  std::vector<std::string> names_;   // of the file's channels
  std::vector<std::int64_t> index_;  // of the shown channels: which of the file's
  std::vector<double> gain_;         // of the shown channels
  Departures departures_;
};

}  // namespace

std::shared_ptr<const Recording> open_brainvision(std::string_view header, std::string_view markers,
                                                  std::shared_ptr<const ByteSource> data,
                                                  const OpenOptions& options) {
  return std::make_shared<BrainVisionRecording>(header, markers, std::move(data), options);
}

std::shared_ptr<const Recording> open_brainvision(const std::filesystem::path& header_path,
                                                  const OpenOptions& options) {
  const std::string text = read_text_file(header_path);
  Departures departures;  // the recording finds them again
  const BrainVisionText header(text, "header", departures);
  const auto data = brainvision_file(header_path, header.at("common infos", "datafile"));
  const std::string marker_name = header.get("common infos", "markerfile");
  std::string markers;
  std::string missing;
  if (!marker_name.empty()) {
    const auto marker_path = brainvision_file(header_path, marker_name);
    if (std::filesystem::exists(marker_path)) {
      markers = read_text_file(marker_path);
    } else {
      missing = fmt::format("no markers: the marker file {} is missing", marker_path.string());
    }
  }
  const auto recording =
      std::make_shared<BrainVisionRecording>(text, markers, ByteSource::open(data), options);
  if (!missing.empty()) recording->warn(std::move(missing));
  return recording;
}

}  // namespace nest::io
