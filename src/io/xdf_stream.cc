#include "io/xdf_stream.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <pugixml.hpp>

#include "nest/core/error.h"
#include "nest/io/channel_type.h"

namespace nest::io {
namespace {

constexpr std::uint64_t kBlockBytes = 1 << 16;
constexpr double kBreakSeconds = 1;
constexpr double kBreakSamples = 500;

XdfFormat format_of(const std::string& name) {
  if (name == "float32") return XdfFormat::kFloat32;
  if (name == "double64") return XdfFormat::kDouble64;
  if (name == "int8") return XdfFormat::kInt8;
  if (name == "int16") return XdfFormat::kInt16;
  if (name == "int32") return XdfFormat::kInt32;
  if (name == "int64") return XdfFormat::kInt64;
  require(name == "string", ErrorCode::kDataCorrupt, "channel_format '{}' is unknown",
          utf8_or_latin1(name));
  return XdfFormat::kString;
}

// A number in XML, written with a point or a comma; -1 if it is none.
double number_of(const pugi::xml_node& node) {
  std::string text = node.child_value();
  std::replace(text.begin(), text.end(), ',', '.');
  const auto first = text.find_first_not_of(" \t\r\n+");
  if (first == std::string::npos) return -1;
  double value = -1;
  const auto parsed = std::from_chars(text.data() + first, text.data() + text.size(), value);
  return parsed.ec == std::errc() && std::isfinite(value) ? value : -1;
}

void name_channels(const pugi::xml_node& info, XdfStream& stream, Departures& departures) {
  stream.channels.resize(static_cast<std::size_t>(stream.num_channels));
  std::size_t i = 0;
  for (const auto& node : info.child("desc").child("channels").children("channel")) {
    if (i == stream.channels.size()) break;
    ChannelInfo& channel = stream.channels[i++];
    const std::string where = fmt::format("stream {}: channel {}", stream.id, i);
    channel.name = departures.utf8(node.child_value("label"), where);
    channel.file_unit = departures.utf8(node.child_value("unit"), where);
    channel.unit = volts_per_unit(channel.file_unit) ? "V" : channel.file_unit;
    channel.type = channel_type_from_name(node.child_value("type"));
  }
  for (i = 0; i < stream.channels.size(); ++i) {
    if (stream.channels[i].name.empty()) {
      stream.channels[i].name = fmt::format("{} {}", stream.name, i + 1);
    }
  }
}

bool is_break(const XdfStream& stream, double time) {
  if (stream.rate_hz <= 0 || stream.runs.empty()) return stream.runs.empty();
  const double period = 1 / stream.rate_hz;
  const double jump = std::abs(time - stream.last_time - period);
  return jump > std::max(kBreakSeconds, kBreakSamples * period);
}

std::string marker_text(XdfCursor& cursor, const XdfStream& stream) {
  std::string text;
  for (std::int64_t c = 0; c < stream.num_channels; ++c) {
    if (c > 0) text += '|';
    if (stream.format == XdfFormat::kString) {
      const auto bytes = cursor.take(cursor.length());
      text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    } else {
      text += fmt::format(
          "{}", xdf_value(cursor.take(xdf_value_bytes(stream.format)).data(), stream.format));
    }
  }
  return text;
}

}  // namespace

XdfStream parse_xdf_stream_header(std::uint32_t id, std::string_view xml, Departures& departures) {
  pugi::xml_document document;
  const auto parsed = document.load_buffer(xml.data(), xml.size());
  require(static_cast<bool>(parsed), ErrorCode::kDataCorrupt, "stream {}: header byte {}: {}", id,
          parsed.offset, parsed.description());
  const pugi::xml_node info = document.child("info");
  XdfStream stream;
  stream.id = id;
  stream.name = departures.utf8(info.child_value("name"), fmt::format("stream {}: name", id));
  stream.type = departures.utf8(info.child_value("type"), fmt::format("stream {}: type", id));
  stream.format = format_of(lower_ascii(info.child_value("channel_format")));
  const double channels = number_of(info.child("channel_count"));
  require(channels >= 1 && channels <= 65536 && channels == std::floor(channels),
          ErrorCode::kDataCorrupt, "stream {}: channel_count '{}' is impossible", id,
          utf8_or_latin1(info.child_value("channel_count")));
  stream.num_channels = static_cast<std::int64_t>(channels);
  stream.rate_hz = number_of(info.child("nominal_srate"));
  require(stream.rate_hz >= 0 && stream.rate_hz <= 1e8, ErrorCode::kDataCorrupt,
          "stream {}: nominal_srate '{}' is impossible", id,
          utf8_or_latin1(info.child_value("nominal_srate")));
  name_channels(info, stream, departures);
  return stream;
}

std::size_t xdf_value_bytes(XdfFormat format) {
  switch (format) {
    case XdfFormat::kInt8:
      return 1;
    case XdfFormat::kInt16:
      return 2;
    case XdfFormat::kFloat32:
    case XdfFormat::kInt32:
      return 4;
    case XdfFormat::kDouble64:
    case XdfFormat::kInt64:
      return 8;
    case XdfFormat::kString:
      break;
  }
  return 0;
}

double xdf_value(const std::byte* at, XdfFormat format) {
  switch (format) {
    case XdfFormat::kFloat32:
      return static_cast<double>(load_le<float>(at));
    case XdfFormat::kDouble64:
      return load_le<double>(at);
    case XdfFormat::kInt8:
      return load_le<std::int8_t>(at);
    case XdfFormat::kInt16:
      return load_le<std::int16_t>(at);
    case XdfFormat::kInt32:
      return load_le<std::int32_t>(at);
    case XdfFormat::kInt64:
      return static_cast<double>(load_le<std::int64_t>(at));
    case XdfFormat::kString:
      break;
  }
  return NAN;
}

std::span<const std::byte> XdfCursor::take(std::uint64_t count) {
  require(count <= bytes_.size() - at_, ErrorCode::kDataCorrupt,
          "byte {} of the chunk: {} bytes are needed, {} are left", at_, count,
          bytes_.size() - at_);
  const auto taken = bytes_.subspan(at_, count);
  at_ += count;
  return taken;
}

std::uint64_t XdfCursor::length() {
  const auto width = value<std::uint8_t>();
  if (width == 1) return value<std::uint8_t>();
  if (width == 4) return value<std::uint32_t>();
  require(width == 8, ErrorCode::kDataCorrupt, "byte {} of the chunk: a length of {} bytes",
          at_ - 1, width);
  return value<std::uint64_t>();
}

void scan_xdf_samples(XdfStream& stream, std::span<const std::byte> bytes, std::uint64_t offset,
                      Departures& departures) {
  XdfCursor cursor(bytes);
  const std::uint64_t count = cursor.length();
  require(count <= bytes.size(), ErrorCode::kDataCorrupt, "{} samples in a chunk of {} bytes",
          count, bytes.size());
  const std::uint64_t row_bytes =
      static_cast<std::uint64_t>(stream.num_channels) * xdf_value_bytes(stream.format);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t start = cursor.position();
    const auto stamp = cursor.value<std::uint8_t>();
    double time = stream.has_time && stream.rate_hz > 0 ? stream.last_time + 1 / stream.rate_hz
                                                        : stream.last_time;
    if (stamp == 8) time = cursor.value<double>();
    require((stamp == 8 || stamp == 0) && std::isfinite(time), ErrorCode::kDataCorrupt,
            "byte {} of the chunk: no valid time stamp", start);
    if (stream.is_marker()) {
      const std::string text = marker_text(cursor, stream);
      stream.markers.push_back({time, stream.clock_offsets.size(),
                                departures.utf8(text, fmt::format("stream {}: marker {}", stream.id,
                                                                  stream.num_samples + 1))});
    } else {
      cursor.take(row_bytes);
      if (stream.blocks.empty() ||
          stream.blocks.back().offset + stream.blocks.back().num_bytes != offset + start ||
          stream.blocks.back().num_bytes >= kBlockBytes) {
        stream.blocks.push_back({offset + start, 0, stream.num_samples, 0});
      }
      stream.blocks.back().num_bytes += cursor.position() - start;
      ++stream.blocks.back().num_samples;
      if (is_break(stream, time)) {
        stream.runs.emplace_back(stream.num_samples, stream.rate_hz, stream.clock_offsets.size());
      }
      stream.runs.back().add(time);
    }
    ++stream.num_samples;
    stream.last_time = time;
    stream.has_time = true;
  }
}

}  // namespace nest::io
