#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "io/bytes.h"
#include "io/departures.h"
#include "io/wall_time.h"
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
  FieldReader(std::string_view text, Departures& departures)
      : text_(text), departures_(departures) {}

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

  std::string text(std::string_view name, std::size_t width) {
    const std::string raw = next(name, width);
    return departures_.utf8(raw, fmt::format("header byte {}: {}", start_, name));
  }

  double number(std::string_view name, std::size_t width) {
    const auto value = try_number(name, width);
    if (!value) bad("is not a number");
    return *value;
  }

  // A limit of a signal: what is wrong with it is the signal's problem, not the file's.
  double limit(std::string_view name, EdfSignal& signal) {
    const auto value = try_number(name, 8);
    if (!value) set_problem(signal, "is not a number");
    return value.value_or(0);
  }

  void set_problem(EdfSignal& signal, const std::string& why) const {
    if (signal.problem.empty()) signal.problem = described(why);
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

  // -1, "unknown", where the field says no count: it is known from the file's size.
  std::int64_t count_or_unknown(std::string_view name, std::size_t width) {
    const auto value = try_number(name, width);
    const bool is_count = value && *value == std::floor(*value) && *value >= -1 && *value < 1e8;
    if (!is_count) departures_.add("counted from the file's size", described("is no count"));
    return is_count ? static_cast<std::int64_t>(*value) : -1;
  }

  [[noreturn]] void bad(const std::string& why) const {
    fail(ErrorCode::kDataCorrupt, "{}", described(why));
  }

 private:
  std::optional<double> try_number(std::string_view name, std::size_t width) {
    std::string value = next(name, width);
    if (const auto comma = value.find(','); comma != std::string::npos) {
      value[comma] = '.';
      departures_.add("decimal comma", fmt::format("header byte {}: {}", start_, name));
    }
    const char* first = value.data() + (value.starts_with('+') ? 1 : 0);
    double result = 0;
    const auto [end, error] = std::from_chars(first, value.data() + value.size(), result);
    const bool is_number =
        error == std::errc() && end == value.data() + value.size() && std::isfinite(result);
    return is_number ? std::optional(result) : std::nullopt;
  }

  std::string described(const std::string& why) const {
    return fmt::format("header byte {}: {} '{}' {}", start_, name_, printable(raw_), why);
  }

  std::string_view text_;
  Departures& departures_;
  std::string_view name_;
  std::string_view raw_;
  std::size_t start_ = 0;
  std::size_t at_ = 0;
};

// "dd.mm.yy" and "hh.mm.ss". EDF+ repeats the date with the full year in the recording field, where
// an X says that it is unknown; 1 January 1985 at midnight is what is written then (EDF+ 2.1.3.3).
std::string iso_start_time(std::string_view date, std::string_view time,
                           std::string_view recording) {
  constexpr std::array<std::string_view, 12> kMonths = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                        "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
  if (recording.starts_with("Startdate X")) return "";
  auto day = digits_at(date, 0, 2), month = digits_at(date, 3, 2), year = digits_at(date, 6, 2);
  if (year) year = *year >= 85 ? 1900 + *year : 2000 + *year;
  if (recording.starts_with("Startdate ") && recording.size() >= 21 && recording[12] == '-' &&
      recording[16] == '-') {
    const auto name = std::find(kMonths.begin(), kMonths.end(), recording.substr(13, 3));
    const auto full_year = digits_at(recording, 17, 4);
    if (full_year && name != kMonths.end()) {
      day = digits_at(recording, 10, 2);
      month = static_cast<int>(name - kMonths.begin()) + 1;
      year = full_year;
    }
  } else if (date == "01.01.85" && time == "00.00.00") {
    return "";
  }
  const auto hour = digits_at(time, 0, 2), minute = digits_at(time, 3, 2);
  const auto second = digits_at(time, 6, 2);
  if (!day || !month || !year || !hour || !minute || !second) return "";
  const auto start = wall_time_us(*year, *month, *day, *hour, *minute, *second);
  return start ? iso_wall_time(*start) : "";
}

void read_fixed_part(FieldReader& fields, EdfHeader& header, std::int64_t& num_signals) {
  fields.next("version", 8);
  header.patient = fields.text("patient", 80);
  header.recording = fields.text("recording", 80);
  const std::string date = fields.next("start date", 8);
  const std::string time = fields.next("start time", 8);
  header.start_time = iso_start_time(date, time, header.recording);
  const bool is_unknown = header.recording.starts_with("Startdate X") || date == "01.01.85";
  if (header.start_time.empty() && !is_unknown) {
    header.warnings.push_back("header byte 168: the start date or time cannot be read");
  }
  header.header_bytes = fields.integer("header size", 8, kFixedBytes, 99999999);
  const std::string reserved = fields.next("reserved field", 44);
  header.is_plus = reserved.starts_with("EDF+") || reserved.starts_with("BDF+");
  header.has_gaps = header.is_plus && reserved.substr(4).starts_with("D");
  header.declared_records = fields.count_or_unknown("number of data records", 8);
  header.record_duration_s = fields.number("record duration", 8);
  if (header.record_duration_s < 0 || header.record_duration_s > kMaxRecordSeconds) {
    fields.bad("is not a possible duration in seconds");
  }
  num_signals = fields.integer("number of signals", 4, 1, 9999);
}

void read_ranges(FieldReader& fields, EdfHeader& header, Departures& departures) {
  auto& signals = header.signals;
  for (EdfSignal& s : signals) s.physical_min = fields.limit("physical minimum", s);
  for (EdfSignal& s : signals) {
    s.physical_max = fields.limit("physical maximum", s);
    if (s.physical_max == s.physical_min) {
      fields.set_problem(s, "equals the physical minimum, so the signal has no scale");
    }
  }
  const double limit = header.is_bdf ? 8388608 : 32768;
  for (EdfSignal& s : signals) s.digital_min = fields.limit("digital minimum", s);
  for (EdfSignal& s : signals) {
    s.digital_max = fields.limit("digital maximum", s);
    if (s.digital_max <= s.digital_min) {
      fields.set_problem(s, fmt::format("is not above the digital minimum {}", s.digital_min));
    }
    const double gain = (s.physical_max - s.physical_min) / (s.digital_max - s.digital_min);
    if (!std::isfinite(gain) || !std::isfinite(s.physical_min - gain * s.digital_min)) {
      fields.set_problem(s, "gives no finite scale");
    }
    if (s.is_annotation) s.problem.clear();  // its numbers are text
    if (!s.is_annotation && (s.digital_min < -limit || s.digital_max > limit)) {
      departures.add("the digital range exceeds the sample size", s.label);
    }
  }
}

void read_signal_part(FieldReader& fields, EdfHeader& header, Departures& departures) {
  auto& signals = header.signals;
  for (EdfSignal& s : signals) {
    s.label = fields.text("label", 16);
    s.is_annotation = s.label == (header.is_bdf ? "BDF Annotations" : "EDF Annotations");
  }
  for (std::size_t i = 0; i < signals.size(); ++i) fields.next("transducer", 80);
  for (EdfSignal& s : signals) s.unit = fields.text("unit", 8);
  read_ranges(fields, header, departures);
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
  Departures departures;
  FieldReader fields(fixed, departures);
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
  FieldReader rest(whole, departures);
  rest.next("fixed part", kFixedBytes);
  read_signal_part(rest, header, departures);
  count_records(source, allow_truncated, header);
  for (std::string& line : departures.lines()) header.warnings.push_back(std::move(line));
  return header;
}

}  // namespace nest::io
