#include "nest/io/brainvision.h"

#include <algorithm>
#include <cmath>

#include "io/brainvision_header.h"
#include "nest/core/error.h"
#include "nest/core/file.h"

namespace nest::io {
namespace {

enum class Sample { kInt16, kInt32, kFloat32 };

// "YYYYMMDDhhmmssuuuuuu" in seconds since some fixed day; negative if it is no date.
double date_seconds(const std::string& date) {
  if (date.size() != 20 || date.find_first_not_of("0123456789") != std::string::npos) return -1;
  const auto number = [&](std::size_t at, std::size_t width) {
    return std::stol(date.substr(at, width));
  };
  const long year = number(0, 4);
  const long month = number(4, 2);
  if (year < 1900 || month < 1 || month > 12) return -1;
  const long a = (14 - month) / 12;  // Julian day number (Fliegel & Van Flandern 1968)
  const long y = year + 4800 - a;
  const long m = month + 12 * a - 3;
  const long day = number(6, 2) + (153 * m + 2) / 5 + 365 * y + y / 4 - y / 100 + y / 400 - 32045;
  return 86400.0 * static_cast<double>(day - 2415021) + 3600.0 * static_cast<double>(number(8, 2)) +
         60.0 * static_cast<double>(number(10, 2)) + static_cast<double>(number(12, 2)) +
         1e-6 * static_cast<double>(number(14, 6));
}

class BrainVisionRecording : public Recording {
 public:
  BrainVisionRecording(const BrainVisionText& header, std::string_view markers,
                       std::shared_ptr<const ByteSource> data, const OpenOptions& options)
      : data_(std::move(data)) {
    info_.format = "BrainVision";
    read_layout(header);
    read_channels(header);
    count_samples(header, options.allow_truncated);
    if (!markers.empty()) read_markers(BrainVisionText(markers, "marker file"));
  }

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
    const auto lines = header.numbered("channel infos", "ch");
    require(static_cast<std::int64_t>(lines.size()) == num_channels_, ErrorCode::kDataCorrupt,
            "header: [common infos] NumberOfChannels={}, but [channel infos] has {}", num_channels_,
            lines.size());
    for (const std::string& line : lines) {
      const auto fields = brainvision_fields(line);
      const std::string resolution = fields.size() > 2 ? fields[2] : "";
      const std::string unit = fields.size() > 3 && !fields[3].empty() ? fields[3] : "uV";
      const double step =
          resolution.empty() ? 1 : brainvision_number(resolution, "header: channel resolution");
      const auto volts = volts_per_unit(unit);
      gain_.push_back(step * volts.value_or(1));
      ChannelInfo channel;
      channel.name = fields[0];
      channel.unit = volts ? "V" : unit;
      channel.file_unit = unit;
      if (type_ != Sample::kFloat32) {
        const double steps = type_ == Sample::kInt16 ? 32768.0 : 2147483648.0;
        channel.physical_min = -steps * gain_.back();
        channel.physical_max = (steps - 1) * gain_.back();
      }
      info_.channels.push_back(std::move(channel));
    }
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

  void read_markers(const BrainVisionText& text) {
    double first_date = -1;
    for (const std::string& line : text.numbered("marker infos", "mk")) {
      const auto fields = brainvision_fields(line);
      require(fields.size() >= 4, ErrorCode::kDataCorrupt,
              "marker file: '{}' has fewer than 4 fields", line);
      const double position = brainvision_number(fields[2], "marker position");
      const double length = brainvision_number(fields[3].empty() ? "0" : fields[3], "marker size");
      const double channel = brainvision_number(
          fields.size() > 4 && !fields[4].empty() ? fields[4] : "0", "marker channel");
      require(position >= 0 && position <= 0x1p53 && length >= 0, ErrorCode::kDataCorrupt,
              "marker file: '{}' has a negative position or size", line);
      const auto sample = std::max<std::int64_t>(0, static_cast<std::int64_t>(position) - 1);
      if (fields[0] == "New Segment") {
        const std::string& date = fields.size() > 5 ? fields[5] : "";
        begin_segment(sample, date, first_date);
      }
      Annotation note;
      note.onset_s = static_cast<double>(sample) / info_.rate_hz;
      note.duration_s = length / info_.rate_hz;
      note.text = fields[0] + "/" + fields[1];
      if (channel >= 1 && channel <= static_cast<double>(num_channels_)) {
        note.channel = info_.channels[static_cast<std::size_t>(channel) - 1].name;
      }
      info_.annotations.push_back(std::move(note));
    }
    for (Annotation& note : info_.annotations) {  // from sample counts to time, gaps included
      note.onset_s = info_.time_of(std::llround(note.onset_s * info_.rate_hz));
    }
    std::stable_sort(info_.annotations.begin(), info_.annotations.end(),
                     [](const auto& a, const auto& b) { return a.onset_s < b.onset_s; });
  }

  void begin_segment(std::int64_t sample, const std::string& date, double& first_date) {
    const double seconds = date_seconds(date);
    if (sample == 0) {
      first_date = seconds;
      if (seconds >= 0) {
        info_.start_time = fmt::format("{}-{}-{}T{}:{}:{}.{}", date.substr(0, 4), date.substr(4, 2),
                                       date.substr(6, 2), date.substr(8, 2), date.substr(10, 2),
                                       date.substr(12, 2), date.substr(14));
      }
      return;
    }
    Segment& last = info_.segments.back();
    if (sample <= last.first_sample || sample >= info_.num_samples) return;
    last.num_samples = sample - last.first_sample;
    const double end_s = last.time_s + static_cast<double>(last.num_samples) / info_.rate_hz;
    const bool has_dates = first_date >= 0 && seconds >= first_date;
    const double time = has_dates ? std::max(end_s, seconds - first_date) : end_s;
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
          const std::byte* from = bytes.data() + channels[row] * width_;
          const double gain = gain_[static_cast<std::size_t>(channels[row])];
          double* target = out + static_cast<std::int64_t>(row) * count + at;
          for (std::int64_t k = 0; k < take; ++k) target[k] = decode(from + k * frame) * gain;
        }
      }
      return;
    }
    bytes.resize(static_cast<std::size_t>(count * width_));
    for (const int channel : channels) {
      data_->read_at(static_cast<std::uint64_t>((channel * info_.num_samples + first) * width_),
                     bytes);
      const double gain = gain_[static_cast<std::size_t>(channel)];
      for (std::int64_t k = 0; k < count; ++k) *out++ = decode(bytes.data() + k * width_) * gain;
    }
  }

  std::shared_ptr<const ByteSource> data_;
  bool is_multiplexed_ = true;
  Sample type_ = Sample::kInt16;
  std::int64_t width_ = 2;
  std::int64_t num_channels_ = 0;
  std::vector<double> gain_;
};

std::filesystem::path sibling(const std::filesystem::path& header_path, std::string name) {
  const auto base = name.find("$b");
  if (base != std::string::npos) name.replace(base, 2, header_path.stem().string());
  return header_path.parent_path() / std::filesystem::path(name).filename();
}

bool names(const std::filesystem::path& header_path, const std::filesystem::path& file) {
  try {
    const BrainVisionText header(read_text_file(header_path), "header");
    for (const char* key : {"datafile", "markerfile"}) {
      const std::string name = header.get("common infos", key);
      if (!name.empty() && sibling(header_path, name).filename() == file.filename()) return true;
    }
  } catch (const Error&) {  // no header; it is not this function's to complain about
  }
  return false;
}

}  // namespace

std::optional<std::filesystem::path> find_brainvision_header(const std::filesystem::path& file) {
  std::error_code error;
  auto same_name = file;
  same_name.replace_extension(".vhdr");
  if (std::filesystem::is_regular_file(same_name, error) && names(same_name, file))
    return same_name;
  auto folder = file.parent_path();
  if (folder.empty()) folder = ".";
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".vhdr" && names(entry.path(), file)) return entry.path();
  }
  return std::nullopt;
}

std::shared_ptr<const Recording> open_brainvision(std::string_view header, std::string_view markers,
                                                  std::shared_ptr<const ByteSource> data,
                                                  const OpenOptions& options) {
  return std::make_shared<BrainVisionRecording>(BrainVisionText(header, "header"), markers,
                                                std::move(data), options);
}

std::shared_ptr<const Recording> open_brainvision(const std::filesystem::path& header_path,
                                                  const OpenOptions& options) {
  const std::string text = read_text_file(header_path);
  const BrainVisionText header(text, "header");
  const auto data = sibling(header_path, header.at("common infos", "datafile"));
  const std::string marker_name = header.get("common infos", "markerfile");
  std::string markers;
  if (!marker_name.empty()) markers = read_text_file(sibling(header_path, marker_name));
  return open_brainvision(text, markers, ByteSource::open(data), options);
}

}  // namespace nest::io
