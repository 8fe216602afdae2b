#include "io/gdf_header.h"

#include <charconv>
#include <cmath>

#include "io/departures.h"
#include "io/wall_time.h"
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

// 255 + n: signed integers of n bits, 511 + n: unsigned; whole bytes only.
int packed_bytes(std::uint32_t type) {
  const std::uint32_t bits = type > 511 ? type - 511 : type - 255;
  return bits % 8 == 0 ? static_cast<int>(bits / 8) : 0;
}

// 0 if it is no type of the format, so that the layout of a record is unknown.
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
    case 18:
      return 16;
    default:
      return type > 255 && type < 768 ? packed_bytes(type) : 0;
  }
}

bool is_read(std::uint32_t type) {
  return type == 16 || type == 17 || (type >= 1 && type <= 8) || type == 279;
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
  const double seconds = (days - 719529) * 86400;  // 719529: 1970-01-01
  if (!(seconds > -2e10 && seconds < 2e11)) return "";
  // a step of the format is 20 us: what is less than a millisecond from a second is that second
  return iso_wall_time(std::llround(seconds * 1e3) * 1000);
}

std::string iso_of_gdf1(const std::string& digits) {  // YYYYMMDDhhmmsscc
  const auto year = digits_at(digits, 0, 4), month = digits_at(digits, 4, 2);
  const auto day = digits_at(digits, 6, 2), hour = digits_at(digits, 8, 2);
  const auto minute = digits_at(digits, 10, 2), second = digits_at(digits, 12, 2);
  if (!year || !month || !day || !hour || !minute || !second) return "";
  const int hundredths = digits_at(digits, 14, 2).value_or(0);
  const auto time = wall_time_us(*year, *month, *day, *hour, *minute, *second, hundredths * 10000);
  return time ? iso_wall_time(*time) : "";
}

void read_signal(const std::vector<std::byte>& bytes, std::uint64_t i, std::uint64_t n, bool is_v2,
                 GdfSignal& s, Departures& departures) {
  const auto field = [&](std::uint64_t column, std::uint64_t width) {
    return kBlock + n * column + i * width;
  };
  const std::string where = fmt::format("signal {}", i + 1);
  s.label = departures.utf8(text_at(bytes, field(0, 16), 16), where + " label");
  if (is_v2) {
    s.unit = unit_name(at<std::uint16_t>(bytes, field(102, 2)));
    s.digital_min = at<double>(bytes, field(120, 8));
    s.digital_max = at<double>(bytes, field(128, 8));
  } else {
    s.unit = departures.utf8(text_at(bytes, field(96, 8), 8), where + " unit");
    s.digital_min = static_cast<double>(at<std::int64_t>(bytes, field(120, 8)));
    s.digital_max = static_cast<double>(at<std::int64_t>(bytes, field(128, 8)));
  }
  s.physical_min = at<double>(bytes, field(104, 8));
  s.physical_max = at<double>(bytes, field(112, 8));
  s.samples_per_record = at<std::uint32_t>(bytes, field(216, 4));
  s.type = at<std::uint32_t>(bytes, field(220, 4));
  s.sample_bytes = bytes_of_type(s.type);
  require(s.sample_bytes > 0, ErrorCode::kUnsupported,
          "header byte {}: signal {} has sample type {}, whose size is not known", field(220, 4),
          s.label, s.type);
  if (!is_read(s.type)) {
    s.problem = fmt::format("header byte {}: sample type {} is not read", field(220, 4), s.type);
  }
  const double gain = (s.physical_max - s.physical_min) / (s.digital_max - s.digital_min);
  const bool has_scale = s.digital_max > s.digital_min && s.physical_max != s.physical_min &&
                         std::isfinite(gain) &&
                         std::isfinite(s.physical_min - gain * s.digital_min);
  if (!has_scale && s.problem.empty()) {
    s.problem = fmt::format(
        "header byte {}: digital range {} to {} and physical range {} to {} give no scale",
        field(104, 8), s.digital_min, s.digital_max, s.physical_min, s.physical_max);
  }
}

void count_records(const ByteSource& source, bool allow_truncated, GdfHeader& header) {
  if (header.record_bytes == 0) return;  // events alone
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
  header.record_duration_s = denominator > 0 ? numerator / denominator : 0;
  const std::uint64_t n = is_v2 ? at<std::uint16_t>(fixed, 252) : at<std::uint32_t>(fixed, 252);
  require(n < 65536, ErrorCode::kDataCorrupt, "header byte 252: {} signals", n);
  const std::uint64_t needed = kBlock * (n + 1);
  require(
      header.header_bytes >= needed && header.header_bytes <= source.size(),
      ErrorCode::kDataCorrupt,
      "header byte 184: a header of {} bytes does not fit {} signals ({} bytes) in a file of {}",
      header.header_bytes, n, needed, source.size());
  const auto bytes = source.read_bytes(0, needed);
  header.signals.resize(n);
  Departures departures;
  for (std::uint64_t i = 0; i < n; ++i) {
    GdfSignal& signal = header.signals[i];
    read_signal(bytes, i, n, is_v2, signal, departures);
    signal.record_offset = header.record_bytes;
    header.record_bytes += static_cast<std::uint64_t>(signal.samples_per_record) *
                           static_cast<std::uint64_t>(signal.sample_bytes);
  }
  header.warnings = departures.lines();
  count_records(source, allow_truncated, header);
  return header;
}

}  // namespace nest::io
