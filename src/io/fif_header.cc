#include "io/fif_header.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "io/fif_tags.h"
#include "io/fif_text.h"
#include "io/stated_rate.h"
#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/core/json.h"

namespace nest::io {
namespace {

constexpr std::uint64_t kChannelBytes = 96;
constexpr std::int64_t kMaxSkipSamples = std::int64_t{1} << 40;

struct RawChannel {
  std::string name;
  std::string short_name;
  std::int32_t kind = 0;
  std::int32_t unit = 0;
  double gain = 1;
};

/// What is in the tags of one file, before anything is put together.
struct Raw {
  std::int64_t num_channels = -1;
  double rate_hz = 0;
  std::optional<double> meas_date_s;
  std::vector<RawChannel> channels;
  std::vector<std::string> long_names;
  std::vector<std::string> bad;
  bool has_raw_data = false;
  std::int64_t first_sample = 0;
  /// Buffers and skips in order; a skip has type 0 and counts buffers in num_samples.
  std::vector<FifBuffer> data;
  std::vector<std::uint64_t> data_bytes;
  std::vector<double> onsets, ends;
  std::vector<std::string> texts;
  std::optional<double> annotation_origin_s;
  std::string annotation_channels;  ///< JSON: a list of names for each annotation
  std::string next_file;
  std::int32_t ref_role = 2;
};

ChannelType type_of(std::int32_t kind) {
  switch (kind) {
    case 1:
    case 301:
      return ChannelType::kMeg;
    case 2:
      return ChannelType::kEeg;
    case 3:
      return ChannelType::kStim;
    case 202:
      return ChannelType::kEog;
    case 302:
      return ChannelType::kEmg;
    case 402:
      return ChannelType::kEcg;
    case 802:
    case 803:
    case 902:
      return ChannelType::kIntracranial;
    default:
      return ChannelType::kMisc;
  }
}

std::string unit_of(std::int32_t code) {
  switch (code) {
    case 107:
      return "V";
    case 112:
      return "T";
    case 201:
      return "T/m";
    default:
      return "";
  }
}

RawChannel read_channel(const ByteSource& source, const FifTag& tag) {
  require(tag.size >= kChannelBytes - 16, ErrorCode::kDataCorrupt,
          "byte {}: the channel's description has {} bytes, not {}", tag.offset, tag.size,
          kChannelBytes);
  const auto bytes = source.read_bytes(tag.offset, std::min(tag.size, kChannelBytes));
  RawChannel channel;
  channel.kind = load_be<std::int32_t>(bytes.data() + 8);
  channel.gain = static_cast<double>(load_be<float>(bytes.data() + 12)) *
                 static_cast<double>(load_be<float>(bytes.data() + 16));
  channel.unit = load_be<std::int32_t>(bytes.data() + 72);
  channel.short_name = fif_text(source, {tag.kind, 10, tag.offset + 80, tag.size - 80});
  channel.name = channel.short_name;
  return channel;
}

/// Seconds since 1970: two integers (seconds, microseconds), or one number as older files have it.
std::optional<double> read_date(const ByteSource& source, const FifTag& tag) {
  const std::vector<double> numbers = fif_numbers(source, tag);
  if (numbers.empty()) return std::nullopt;
  return numbers[0] + (numbers.size() > 1 ? numbers[1] * 1e-6 : 0);
}

void read_info(const ByteSource& source, const FifTag& tag, Raw& raw) {
  if (tag.kind == fif::kNumChannels) raw.num_channels = fif_int(source, tag);
  if (tag.kind == fif::kRate) raw.rate_hz = fif_number(source, tag);
  if (tag.kind == fif::kMeasDate) raw.meas_date_s = read_date(source, tag);
  if (tag.kind == fif::kChannelInfo) raw.channels.push_back(read_channel(source, tag));
}

void read_annotations(const ByteSource& source, const FifTag& tag, Raw& raw) {
  if (tag.kind == fif::kOnsets) raw.onsets = fif_numbers(source, tag);
  if (tag.kind == fif::kEnds) raw.ends = fif_numbers(source, tag);
  if (tag.kind == fif::kComment) raw.texts = fif_names(source, tag);
  if (tag.kind == fif::kMeasDate) raw.annotation_origin_s = read_date(source, tag);
  if (tag.kind == fif::kAnnotationChannels) raw.annotation_channels = fif_text(source, tag);
}

void read_reference(const ByteSource& source, const FifTag& tag, Raw& raw) {
  constexpr std::int32_t kNextFile = 2;
  if (tag.kind == fif::kRefRole) raw.ref_role = fif_int(source, tag);
  if (tag.kind == fif::kRefFileName && raw.ref_role == kNextFile) {
    raw.next_file = fif_text(source, tag);
  }
}

void read_data(const ByteSource& source, const FifTag& tag, Raw& raw) {
  raw.has_raw_data = true;
  if (tag.kind == fif::kFirstSample) raw.first_sample = fif_int(source, tag);
  if (tag.kind == fif::kDataSkip) {
    raw.data.push_back({tag.offset, 0, 0, fif_int(source, tag)});
    raw.data_bytes.push_back(0);
  }
  if (tag.kind == fif::kDataBuffer) {
    raw.data.push_back({tag.offset, tag.type, 0, 0});
    raw.data_bytes.push_back(tag.size);
  }
}

Raw read_tags(const ByteSource& source, std::string& truncated) {
  Raw raw;
  truncated = walk_fif_tags(source, [&](const FifTag& tag, fif::Block block) {
    switch (block) {
      case fif::kMeasInfo:
        return read_info(source, tag, raw);
      case fif::kChannelExtra:
        if (tag.kind == fif::kChannelName) raw.long_names.push_back(fif_text(source, tag));
        return;
      case fif::kBadChannels:
        if (tag.kind == fif::kNameList) raw.bad = fif_names(source, tag);
        return;
      case fif::kAnnotations:
        return read_annotations(source, tag, raw);
      case fif::kReference:
        return read_reference(source, tag, raw);
      case fif::kRawData:
      case fif::kContinuousData:
      case fif::kShieldedRawData:
        return read_data(source, tag, raw);
      default:
        return;
    }
  });
  return raw;
}

void set_channels(const Raw& raw, FifHeader& header) {
  require(
      !raw.channels.empty() && raw.num_channels == static_cast<std::int64_t>(raw.channels.size()),
      ErrorCode::kDataCorrupt, "the file describes {} channels, and says that it has {}",
      raw.channels.size(), raw.num_channels);
  const bool has_long = raw.long_names.size() == raw.channels.size();
  for (std::size_t i = 0; i < raw.channels.size(); ++i) {
    const RawChannel& from = raw.channels[i];
    require(std::isfinite(from.gain), ErrorCode::kDataCorrupt, "channel {}: its calibration is {}",
            from.name, from.gain);
    ChannelInfo channel;
    channel.name = has_long ? raw.long_names[i] : from.name;
    channel.unit = channel.file_unit = unit_of(from.unit);
    channel.type = type_of(from.kind);
    channel.is_bad = std::any_of(raw.bad.begin(), raw.bad.end(), [&](const std::string& name) {
      return name == channel.name || name == from.short_name;
    });
    header.channels.push_back(std::move(channel));
    header.gain.push_back(from.gain);
  }
}

/// Counts samples through buffers and skips. A skip is as long as that many of the buffers that
/// follow it.
void set_buffers(const Raw& raw, FifHeader& header) {
  std::int64_t at = raw.first_sample;
  std::int64_t skipped = 0;
  const auto channels = static_cast<std::uint64_t>(raw.channels.size());
  for (std::size_t i = 0; i < raw.data.size(); ++i) {
    FifBuffer buffer = raw.data[i];
    if (buffer.type == 0) {
      require(buffer.num_samples >= 0, ErrorCode::kDataCorrupt, "byte {}: a skip of {} buffers",
              buffer.offset, buffer.num_samples);
      skipped = buffer.num_samples;
      continue;
    }
    const int width = fif_sample_bytes(buffer.type);
    require(width > 0, ErrorCode::kUnsupported,
            "byte {}: samples of type {} are not read (16- and 32-bit integers, 32- and 64-bit "
            "floats are)",
            buffer.offset, buffer.type);
    const std::uint64_t row = channels * static_cast<std::uint64_t>(width);
    require(raw.data_bytes[i] % row == 0, ErrorCode::kDataCorrupt,
            "byte {}: a buffer of {} bytes is no whole number of samples of {} channels",
            buffer.offset, raw.data_bytes[i], channels);
    buffer.num_samples = static_cast<std::int64_t>(raw.data_bytes[i] / row);
    if (buffer.num_samples == 0) continue;
    require(skipped <= kMaxSkipSamples / buffer.num_samples && at <= kMaxSkipSamples,
            ErrorCode::kDataCorrupt, "byte {}: a skip of {} buffers before it cannot be",
            buffer.offset, skipped);
    at += skipped * buffer.num_samples;
    skipped = 0;
    buffer.first_sample = at;
    at += buffer.num_samples;
    header.buffers.push_back(buffer);
  }
}

/// Names of the channels of each annotation; empty where it is of the whole recording.
std::vector<std::string> channels_of_annotations(const Raw& raw) {
  std::vector<std::string> result;
  if (raw.annotation_channels.empty()) return result;
  for (const Json& names : parse_json(raw.annotation_channels, "channels of annotations")) {
    result.emplace_back(names.is_array() && names.size() == 1 && names[0].is_string()
                            ? names[0].get<std::string>()
                            : "");
  }
  return result;
}

void set_annotations(const Raw& raw, FifHeader& header) {
  const std::size_t count = std::min({raw.onsets.size(), raw.ends.size(), raw.texts.size()});
  if (std::max({raw.onsets.size(), raw.ends.size(), raw.texts.size()}) != count) {
    header.warnings.push_back(
        fmt::format("annotations: {} onsets, {} ends, {} texts; the first {} are read",
                    raw.onsets.size(), raw.ends.size(), raw.texts.size(), count));
  }
  // Onsets count from the date of measurement, or where there is none from sample 0; with a date
  // of the measurement alone from the first sample.
  const bool from_first = raw.meas_date_s && !raw.annotation_origin_s;
  const double origin =
      raw.meas_date_s && raw.annotation_origin_s ? *raw.annotation_origin_s - *raw.meas_date_s : 0;
  const std::int64_t first = header.buffers.empty() ? 0 : header.buffers.front().first_sample;
  const double shift = from_first ? 0 : origin - static_cast<double>(first) / raw.rate_hz;
  std::vector<std::string> channels;
  try {
    channels = channels_of_annotations(raw);
  } catch (const Error& error) {  // times and texts do not depend on it
    header.warnings.push_back(error.what());
  }
  std::size_t impossible = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double onset = raw.onsets[i] + shift, duration = raw.ends[i] - raw.onsets[i];
    if (!std::isfinite(onset) || !std::isfinite(duration) || duration < 0) {
      ++impossible;
      continue;
    }
    header.annotations.push_back(
        {onset, duration, raw.texts[i], i < channels.size() ? channels[i] : ""});
  }
  if (impossible > 0) {
    header.warnings.push_back(fmt::format(
        "annotations: {} of {} have no possible time and are left out", impossible, count));
  }
}

}  // namespace

FifHeader read_fif_header(const ByteSource& source, bool allow_truncated) {
  FifHeader header;
  std::string truncated;
  const Raw raw = read_tags(source, truncated);
  if (!truncated.empty()) {
    require(allow_truncated, ErrorCode::kDataCorrupt,
            "{}; `allow_truncated` reads the complete part", truncated);
    header.warnings.push_back(truncated);
  }
  require(raw.has_raw_data, ErrorCode::kUnsupported,
          "a FIF file without raw data (events, epochs, averages or a head model): give the raw "
          "recording");
  require(is_rate(raw.rate_hz), ErrorCode::kDataCorrupt, "a sampling rate of {} Hz cannot be",
          raw.rate_hz);
  header.rate_hz = raw.rate_hz;
  header.has_meas_date = raw.meas_date_s.has_value();
  header.meas_date_s = raw.meas_date_s.value_or(0);
  header.next_file = raw.next_file;
  set_channels(raw, header);
  set_buffers(raw, header);
  set_annotations(raw, header);
  return header;
}

}  // namespace nest::io
