#include "io/xdf_stream.h"

#include <algorithm>
#include <cmath>

#include <pugixml.hpp>

#include "nest/core/error.h"

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
  require(name == "string", ErrorCode::kDataCorrupt, "channel_format '{}' is unknown", name);
  return XdfFormat::kString;
}

void name_channels(const pugi::xml_node& info, XdfStream& stream) {
  stream.channels.resize(static_cast<std::size_t>(stream.num_channels));
  std::size_t i = 0;
  for (const auto& node : info.child("desc").child("channels").children("channel")) {
    if (i == stream.channels.size()) break;
    ChannelInfo& channel = stream.channels[i++];
    channel.name = node.child_value("label");
    channel.file_unit = node.child_value("unit");
    channel.unit = volts_per_unit(channel.file_unit) ? "V" : channel.file_unit;
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

void XdfRun::add(double time) {
  if (num_samples == 0) first_time = time;
  const auto k = static_cast<double>(num_samples++);
  const double t = time - first_time;
  sum_k += k;
  sum_kk += k * k;
  sum_t += t;
  sum_kt += k * t;
}

double XdfRun::start_time() const {
  const auto n = static_cast<double>(num_samples);
  const double spread = n * sum_kk - sum_k * sum_k;
  if (!(spread > 0)) return first_time;
  const double slope = (n * sum_kt - sum_k * sum_t) / spread;
  return first_time + (sum_t - slope * sum_k) / n;
}

double XdfRun::rate_hz() const {
  const auto n = static_cast<double>(num_samples);
  const double spread = n * sum_kk - sum_k * sum_k;
  const double slope = spread > 0 ? (n * sum_kt - sum_k * sum_t) / spread : 0;
  return slope > 0 ? 1 / slope : 0;
}

double XdfStream::corrected(double time) const {
  if (clock_offsets.empty()) return time;
  const auto n = static_cast<double>(clock_offsets.size());
  double mean_t = 0;
  double mean_o = 0;
  for (const auto& [t, o] : clock_offsets) {
    mean_t += t / n;
    mean_o += o / n;
  }
  double cov = 0;
  double var = 0;
  for (const auto& [t, o] : clock_offsets) {
    cov += (t - mean_t) * (o - mean_o);
    var += (t - mean_t) * (t - mean_t);
  }
  return time + mean_o + (var > 0 ? cov / var * (time - mean_t) : 0);
}

XdfStream parse_xdf_stream_header(std::uint32_t id, std::string_view xml) {
  pugi::xml_document document;
  const auto parsed = document.load_buffer(xml.data(), xml.size());
  require(static_cast<bool>(parsed), ErrorCode::kDataCorrupt, "stream {}: header byte {}: {}", id,
          parsed.offset, parsed.description());
  const pugi::xml_node info = document.child("info");
  XdfStream stream;
  stream.id = id;
  stream.name = info.child_value("name");
  stream.type = info.child_value("type");
  stream.format = format_of(info.child_value("channel_format"));
  const double channels = info.child("channel_count").text().as_double(-1);
  require(channels >= 1 && channels <= 65536 && channels == std::floor(channels),
          ErrorCode::kDataCorrupt, "stream {}: channel_count '{}' is impossible", id,
          info.child_value("channel_count"));
  stream.num_channels = static_cast<std::int64_t>(channels);
  stream.rate_hz = info.child("nominal_srate").text().as_double(-1);
  require(stream.rate_hz >= 0 && stream.rate_hz <= 1e8, ErrorCode::kDataCorrupt,
          "stream {}: nominal_srate '{}' is impossible", id, info.child_value("nominal_srate"));
  name_channels(info, stream);
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

void scan_xdf_samples(XdfStream& stream, std::span<const std::byte> bytes, std::uint64_t offset) {
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
      stream.markers.push_back({time, 0, marker_text(cursor, stream), ""});
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
        stream.runs.emplace_back();
        stream.runs.back().first_sample = stream.num_samples;
      }
      stream.runs.back().add(time);
    }
    ++stream.num_samples;
    stream.last_time = time;
    stream.has_time = true;
  }
}

}  // namespace nest::io
