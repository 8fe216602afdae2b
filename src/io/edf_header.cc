#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "nest/core/error.h"
#include "nest/io/edf.h"

namespace nest::io {
namespace {

constexpr std::int64_t kFixedBytes = 256;
constexpr std::int64_t kSignalBytes = 256;
constexpr double kMaxRecordSeconds = 1e7;

// Walks the header field by field and remembers where it is, so that errors can say it.
class FieldReader {
 public:
  FieldReader(std::string_view text, std::vector<std::string>& warnings)
      : text_(text), warnings_(warnings) {}

  std::string next(std::string_view name, std::size_t width) {
    name_ = name;
    start_ = at_;
    raw_ = text_.substr(at_, width);
    at_ += width;
    auto end = raw_.find_last_not_of(std::string_view(" \0", 2));
    std::string value(raw_.substr(0, end == std::string_view::npos ? 0 : end + 1));
    value.erase(0, std::min(value.find_first_not_of(' '), value.size()));
    return value;
  }

  double number(std::string_view name, std::size_t width) {
    std::string value = next(name, width);
    if (const auto comma = value.find(','); comma != std::string::npos) {
      value[comma] = '.';
      warnings_.push_back(fmt::format("header byte {}: {} uses a decimal comma", start_, name));
    }
    const char* first = value.data() + (value.starts_with('+') ? 1 : 0);
    double result = 0;
    const auto [end, error] = std::from_chars(first, value.data() + value.size(), result);
    if (error != std::errc() || end != value.data() + value.size() || !std::isfinite(result)) {
      bad("is not a number");
    }
    return result;
  }

  std::int64_t integer(std::string_view name, std::size_t width, std::int64_t low,
                       std::int64_t high) {
    const double value = number(name, width);
    if (value != std::floor(value)) bad("is not a whole number");
    if (value < static_cast<double>(low) || value > static_cast<double>(high)) {
      bad(fmt::format("is outside {} to {}", low, high));
    }
    return static_cast<std::int64_t>(value);
  }

  [[noreturn]] void bad(const std::string& why) const {
    std::string shown;
    for (const char c : raw_) shown += c >= 32 && c < 127 ? c : '?';
    fail(ErrorCode::kDataCorrupt, "header byte {}: {} '{}' {}", start_, name_, shown, why);
  }

 private:
  std::string_view text_;
  std::vector<std::string>& warnings_;
  std::string_view name_;
  std::string_view raw_;
  std::size_t start_ = 0;
  std::size_t at_ = 0;
};

// "dd.mm.yy" and "hh.mm.ss"; EDF+ repeats the date with the full year in the recording field.
std::string iso_start_time(std::string_view date, std::string_view time,
                           std::string_view recording) {
  const auto digits = [](std::string_view text, std::array<int, 3>& out) {
    if (text.size() != 8) return false;
    for (std::size_t i = 0; i < 3; ++i) {
      const char* at = text.data() + 3 * i;
      if (std::from_chars(at, at + 2, out[i]).ptr != at + 2) return false;
    }
    return true;
  };
  std::array<int, 3> day{};
  std::array<int, 3> clock{};
  if (!digits(date, day) || !digits(time, clock)) return "";
  int year = day[2] >= 85 ? 1900 + day[2] : 2000 + day[2];
  if (recording.starts_with("Startdate ") && recording.size() >= 21 && recording[16] == '-') {
    int full = 0;
    const char* at = recording.data() + 17;
    if (std::from_chars(at, at + 4, full).ptr == at + 4) year = full;
  }
  if (day[0] < 1 || day[0] > 31 || day[1] < 1 || day[1] > 12 || clock[0] > 23 || clock[1] > 59 ||
      clock[2] > 60 || clock[0] < 0 || clock[1] < 0 || clock[2] < 0) {
    return "";
  }
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", year, day[1], day[0], clock[0],
                     clock[1], clock[2]);
}

void read_fixed_part(FieldReader& fields, EdfHeader& header, std::int64_t& num_signals) {
  fields.next("version", 8);
  header.patient = fields.next("patient", 80);
  header.recording = fields.next("recording", 80);
  const std::string date = fields.next("start date", 8);
  const std::string time = fields.next("start time", 8);
  header.start_time = iso_start_time(date, time, header.recording);
  if (header.start_time.empty()) {
    header.warnings.push_back("header byte 168: the start date or time cannot be read");
  }
  header.header_bytes = fields.integer("header size", 8, kFixedBytes, 99999999);
  const std::string reserved = fields.next("reserved field", 44);
  header.is_plus = reserved.starts_with("EDF+") || reserved.starts_with("BDF+");
  header.has_gaps = header.is_plus && reserved.substr(4).starts_with("D");
  header.declared_records = fields.integer("number of data records", 8, -1, 99999999);
  header.record_duration_s = fields.number("record duration", 8);
  if (header.record_duration_s < 0 || header.record_duration_s > kMaxRecordSeconds) {
    fields.bad("is not a possible duration in seconds");
  }
  num_signals = fields.integer("number of signals", 4, 1, 9999);
}

void read_signal_part(FieldReader& fields, EdfHeader& header) {
  auto& signals = header.signals;
  for (EdfSignal& s : signals) {
    s.label = fields.next("label", 16);
    s.is_annotation = s.label == (header.is_bdf ? "BDF Annotations" : "EDF Annotations");
  }
  for (std::size_t i = 0; i < signals.size(); ++i) fields.next("transducer", 80);
  for (EdfSignal& s : signals) s.unit = fields.next("unit", 8);
  for (EdfSignal& s : signals) s.physical_min = fields.number("physical minimum", 8);
  for (EdfSignal& s : signals) {
    s.physical_max = fields.number("physical maximum", 8);
    if (!s.is_annotation && s.physical_max == s.physical_min) {
      fields.bad("equals the physical minimum, so the signal has no scale");
    }
  }
  const double limit = header.is_bdf ? 8388608 : 32768;
  for (EdfSignal& s : signals) s.digital_min = fields.number("digital minimum", 8);
  for (EdfSignal& s : signals) {
    s.digital_max = fields.number("digital maximum", 8);
    if (!s.is_annotation && s.digital_max <= s.digital_min) {
      fields.bad(fmt::format("is not above the digital minimum {}", s.digital_min));
    }
    if (s.digital_min < -limit || s.digital_max > limit) {
      header.warnings.push_back(
          fmt::format("{}: the digital range exceeds the sample size", s.label));
    }
  }
  for (std::size_t i = 0; i < signals.size(); ++i) fields.next("prefilter", 80);
  for (EdfSignal& s : signals) {
    s.samples_per_record = fields.integer("samples per record", 8, 0, 99999999);
    s.record_offset = header.record_bytes;
    header.record_bytes += s.samples_per_record * header.sample_bytes();
  }
}

void count_records(const ByteSource& source, bool allow_truncated, EdfHeader& header) {
  const auto size = static_cast<std::int64_t>(source.size());
  require(header.record_bytes > 0, ErrorCode::kDataCorrupt,
          "no signal has samples: every 'samples per record' is 0");
  const std::int64_t data = std::max<std::int64_t>(0, size - header.header_bytes);
  const std::int64_t complete = data / header.record_bytes;
  header.num_records = complete;
  if (header.declared_records < 0) {
    header.warnings.push_back(fmt::format(
        "the recording was not closed (number of records -1); {} complete records found",
        complete));
    return;
  }
  if (complete < header.declared_records) {
    const std::string what = fmt::format(
        "truncated: the header declares {} records of {} bytes ({} bytes in all), the file has {} "
        "bytes, {} complete records",
        header.declared_records, header.record_bytes,
        header.header_bytes + header.declared_records * header.record_bytes, size, complete);
    require(allow_truncated, ErrorCode::kDataCorrupt,
            "{}; read the complete part with `allow_truncated`", what);
    header.warnings.push_back(what);
    return;
  }
  header.num_records = header.declared_records;
  if (size > header.header_bytes + header.declared_records * header.record_bytes) {
    header.warnings.push_back(
        fmt::format("{} bytes after the last declared record are ignored",
                    size - header.header_bytes - header.declared_records * header.record_bytes));
  }
}

}  // namespace

EdfHeader read_edf_header(const ByteSource& source, bool allow_truncated) {
  EdfHeader header;
  require(source.size() >= kFixedBytes, ErrorCode::kDataCorrupt,
          "truncated: an EDF header has at least {} bytes, the file has {}", kFixedBytes,
          source.size());
  const std::string fixed = source.read_text(0, kFixedBytes);
  header.is_bdf = fixed.starts_with(
      "\xFF"
      "BIOSEMI");
  require(header.is_bdf || fixed.starts_with("0       "), ErrorCode::kDataCorrupt,
          "header byte 0: not EDF ('0' and seven spaces) and not BDF (0xFF 'BIOSEMI')");
  std::int64_t num_signals = 0;
  FieldReader fields(fixed, header.warnings);
  read_fixed_part(fields, header, num_signals);
  const std::int64_t wanted = kFixedBytes + num_signals * kSignalBytes;
  require(header.header_bytes == wanted, ErrorCode::kDataCorrupt,
          "header byte 184: the header size {} does not fit {} signals, which need {} bytes",
          header.header_bytes, num_signals, wanted);
  require(static_cast<std::int64_t>(source.size()) >= wanted, ErrorCode::kDataCorrupt,
          "truncated: the header of {} signals has {} bytes, the file has {}", num_signals, wanted,
          source.size());
  const std::string whole = source.read_text(0, static_cast<std::uint64_t>(wanted));
  header.signals.resize(static_cast<std::size_t>(num_signals));
  FieldReader rest(whole, header.warnings);
  rest.next("fixed part", kFixedBytes);
  read_signal_part(rest, header);
  count_records(source, allow_truncated, header);
  return header;
}

}  // namespace nest::io
