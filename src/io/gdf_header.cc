#include "io/gdf_header.h"

#include <charconv>
#include <cmath>
#include <ctime>

#include "nest/core/error.h"

namespace nest::io {
namespace {

constexpr std::uint64_t kBlock = 256;

template <class T>
T at(const std::vector<std::byte>& bytes, std::uint64_t offset) {
  return load_le<T>(bytes.data() + offset);
}

std::string text_at(const std::vector<std::byte>& bytes, std::uint64_t offset, std::size_t width) {
  std::string text(reinterpret_cast<const char*>(bytes.data()) + offset, width);
  text.erase(std::min(text.find('\0'), text.size()));
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

int bytes_of_type(std::uint32_t type) {
  switch (type) {
    case 1:
    case 2:
      return 1;
    case 3:
    case 4:
      return 2;
    case 5:
    case 6:
    case 16:
      return 4;
    case 7:
    case 8:
    case 17:
      return 8;
    case 279:
      return 3;  // 255 + 24: signed 24 bit
    default:
      return 0;
  }
}

// ISO 11073-10101: 4256 is the volt, the low five bits its decimal prefix.
std::string unit_name(std::uint16_t code) {
  switch (code) {
    case 4256:
      return "V";
    case 4274:
      return "mV";
    case 4275:
      return "uV";
    case 4276:
      return "nV";
    case 512:
      return "1";
    case 544:
      return "%";
    default:
      return code == 0 ? "" : fmt::format("unit {}", code);
  }
}

// Days since the year 0 in the upper 32 bits, the fraction of a day in the lower (GDF 2).
std::string iso_of_gdf2(std::uint64_t value) {
  if (value == 0) return "";
  const double days = std::ldexp(static_cast<double>(value), -32);
  const double seconds = std::round((days - 719529) * 86400);  // 719529: 1970-01-01
  if (!(seconds > -2e10 && seconds < 2e11)) return "";
  const auto clock = static_cast<std::time_t>(seconds);
  std::tm parts = {};
  gmtime_r(&clock, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::string iso_of_gdf1(const std::string& digits) {  // YYYYMMDDhhmmsscc
  if (digits.size() < 14 || digits.find_first_not_of("0123456789") < 14) return "";
  return fmt::format("{}-{}-{}T{}:{}:{}", digits.substr(0, 4), digits.substr(4, 2),
                     digits.substr(6, 2), digits.substr(8, 2), digits.substr(10, 2),
                     digits.substr(12, 2));
}

void read_signal(const std::vector<std::byte>& bytes, std::uint64_t i, std::uint64_t n, bool is_v2,
                 GdfSignal& s) {
  const auto field = [&](std::uint64_t column, std::uint64_t width) {
    return kBlock + n * column + i * width;
  };
  s.label = text_at(bytes, field(0, 16), 16);
  if (is_v2) {
    s.unit = unit_name(at<std::uint16_t>(bytes, field(102, 2)));
    s.digital_min = at<double>(bytes, field(120, 8));
    s.digital_max = at<double>(bytes, field(128, 8));
  } else {
    s.unit = text_at(bytes, field(96, 8), 8);
    s.digital_min = static_cast<double>(at<std::int64_t>(bytes, field(120, 8)));
    s.digital_max = static_cast<double>(at<std::int64_t>(bytes, field(128, 8)));
  }
  s.physical_min = at<double>(bytes, field(104, 8));
  s.physical_max = at<double>(bytes, field(112, 8));
  s.samples_per_record = at<std::uint32_t>(bytes, field(216, 4));
  s.type = at<std::uint32_t>(bytes, field(220, 4));
  s.sample_bytes = bytes_of_type(s.type);
  require(s.sample_bytes > 0, ErrorCode::kUnsupported,
          "header byte {}: signal {} has sample type {}, which is not supported", field(220, 4),
          s.label, s.type);
  const bool has_scale = std::isfinite(s.physical_max - s.physical_min) &&
                         std::isfinite(s.digital_max - s.digital_min) &&
                         s.digital_max > s.digital_min;
  require(has_scale, ErrorCode::kDataCorrupt,
          "header byte {}: signal {}: digital range {} to {} and physical range {} to {} give no "
          "scale",
          field(104, 8), s.label, s.digital_min, s.digital_max, s.physical_min, s.physical_max);
}

void count_records(const ByteSource& source, bool allow_truncated, GdfHeader& header) {
  require(header.record_bytes > 0, ErrorCode::kDataCorrupt, "no signal has samples in a record");
  const std::uint64_t size = source.size();
  const std::uint64_t complete =
      size > header.header_bytes ? (size - header.header_bytes) / header.record_bytes : 0;
  header.num_records = complete;
  if (header.declared_records < 0) return;
  if (static_cast<std::uint64_t>(header.declared_records) <= complete) {
    header.num_records = static_cast<std::uint64_t>(header.declared_records);
    return;
  }
  const std::string what = fmt::format(
      "truncated: the header declares {} records of {} bytes, the file of {} bytes has {} complete "
      "records",
      header.declared_records, header.record_bytes, size, complete);
  require(allow_truncated, ErrorCode::kDataCorrupt,
          "{}; read the complete part with `allow_truncated`", what);
  header.warnings.push_back(what);
}

}  // namespace

GdfHeader read_gdf_header(const ByteSource& source, bool allow_truncated) {
  GdfHeader header;
  const auto fixed = source.read_bytes(0, kBlock);
  const std::string magic = text_at(fixed, 0, 8);
  require(magic.starts_with("GDF "), ErrorCode::kDataCorrupt, "header byte 0: not GDF");
  const char* end = magic.data() + magic.size();
  const auto parsed = std::from_chars(magic.data() + 4, end, header.version);
  require(parsed.ec == std::errc() && header.version >= 1 && header.version < 4,
          ErrorCode::kUnsupported, "header byte 4: GDF version '{}' is not supported (1.x and 2.x)",
          magic.substr(4));
  const bool is_v2 = header.version >= 1.9;
  header.header_bytes = is_v2 ? at<std::uint16_t>(fixed, 184) * kBlock
                              : static_cast<std::uint64_t>(at<std::int64_t>(fixed, 184));
  header.start_time =
      is_v2 ? iso_of_gdf2(at<std::uint64_t>(fixed, 168)) : iso_of_gdf1(text_at(fixed, 168, 16));
  header.declared_records = at<std::int64_t>(fixed, 236);
  const double numerator = at<std::uint32_t>(fixed, 244);
  const double denominator = at<std::uint32_t>(fixed, 248);
  require(numerator > 0 && denominator > 0, ErrorCode::kDataCorrupt,
          "header byte 244: record duration {}/{} s is impossible", numerator, denominator);
  header.record_duration_s = numerator / denominator;
  const std::uint64_t n = is_v2 ? at<std::uint16_t>(fixed, 252) : at<std::uint32_t>(fixed, 252);
  require(n > 0 && n < 65536, ErrorCode::kDataCorrupt, "header byte 252: {} signals", n);
  const std::uint64_t needed = kBlock * (n + 1);
  require(
      header.header_bytes >= needed && header.header_bytes <= source.size(),
      ErrorCode::kDataCorrupt,
      "header byte 184: a header of {} bytes does not fit {} signals ({} bytes) in a file of {}",
      header.header_bytes, n, needed, source.size());
  const auto bytes = source.read_bytes(0, needed);
  header.signals.resize(n);
  for (std::uint64_t i = 0; i < n; ++i) {
    GdfSignal& signal = header.signals[i];
    read_signal(bytes, i, n, is_v2, signal);
    signal.record_offset = header.record_bytes;
    header.record_bytes += static_cast<std::uint64_t>(signal.samples_per_record) *
                           static_cast<std::uint64_t>(signal.sample_bytes);
  }
  count_records(source, allow_truncated, header);
  return header;
}

}  // namespace nest::io
