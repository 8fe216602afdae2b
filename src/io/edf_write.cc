#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <numeric>
#include <ostream>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/log.h"
#include "nest/core/options.h"
#include "nest/io/edf.h"

namespace nest::io {
namespace {

constexpr double kDigitalMin = -32768;
constexpr double kDigitalMax = 32767;
constexpr std::size_t kNumberWidth = 8;

struct Layout {
  std::int64_t per_record = 0;
  std::string duration;  // as the header states it
  double duration_s = 0;
  std::vector<double> record_times;  // one a record
  std::vector<Segment> runs;         // samples of each record (the last of a run may be short)
};

struct Range {
  double low = 0, high = 0;  // physical, in the file's unit
  double gain = 1;           // file units per digital step
  std::string low_text, high_text;
};

// The shortest text of at most eight characters; rounded down or up so that the range is covered.
std::string number_text(double value, bool round_up) {
  for (int precision = 17; precision >= 1; --precision) {
    std::string text = fmt::format("{:.{}g}", value, precision);
    if (text.size() > kNumberWidth) continue;
    double parsed = 0;
    std::from_chars(text.data(), text.data() + text.size(), parsed);
    if (round_up ? parsed >= value : parsed <= value) return text;
    const double step = std::pow(10, std::floor(std::log10(std::abs(value))) - precision + 1);
    text = fmt::format("{:.{}g}", round_up ? parsed + step : parsed - step, precision);
    if (text.size() <= kNumberWidth) return text;
  }
  fail(ErrorCode::kInvalidArgument, "the physical limit {} does not fit the 8 characters of EDF",
       value);
}

double parse(const std::string& text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// Duration text for `samples` at a rate, if eight characters say it to a thousandth of a sample.
bool duration_text(std::int64_t samples, double rate_hz, std::string& text) {
  const double seconds = static_cast<double>(samples) / rate_hz;
  text = fmt::format("{}", seconds);
  if (text.size() > kNumberWidth) text.resize(kNumberWidth);
  return std::abs(parse(text) - seconds) * rate_hz <= 1e-12 * static_cast<double>(samples);
}

std::int64_t choose_record_length(const RecordingInfo& info, double wanted_s) {
  std::int64_t divisor = 0;
  for (const Segment& segment : info.segments) divisor = std::gcd(divisor, segment.num_samples);
  const auto wanted = std::max<std::int64_t>(1, std::llround(wanted_s * info.rate_hz));
  std::string text;
  for (std::int64_t n = 2 * wanted; n >= std::max<std::int64_t>(1, wanted / 4); --n) {
    if (divisor % n == 0 && duration_text(n, info.rate_hz, text)) return n;
  }
  require(info.segments.size() <= 1, ErrorCode::kInvalidArgument,
          "the recording has gaps, and no record length near {} s divides its segments; choose "
          "another record duration or cut the segments",
          wanted_s);
  for (std::int64_t n = wanted; n <= 100 * wanted; ++n) {
    if (duration_text(n, info.rate_hz, text)) return n;
  }
  fail(ErrorCode::kInvalidArgument,
       "no record length makes {} Hz exact in the 8 characters of EDF; resample first",
       info.rate_hz);
}

Layout plan(const RecordingInfo& info, double wanted_s) {
  Layout layout;
  layout.per_record = choose_record_length(info, wanted_s);
  duration_text(layout.per_record, info.rate_hz, layout.duration);
  layout.duration_s = parse(layout.duration);
  for (const Segment& segment : info.segments) {
    for (std::int64_t at = 0; at < segment.num_samples; at += layout.per_record) {
      const double time = segment.time_s + static_cast<double>(at) / info.rate_hz;
      layout.record_times.push_back(time);
      layout.runs.push_back(
          {segment.first_sample + at, std::min(layout.per_record, segment.num_samples - at), time});
    }
  }
  return layout;
}

void append_tal(std::string& out, double onset, double duration, std::string_view text) {
  out += fmt::format("{:+.12g}", onset);
  if (duration > 0) out += fmt::format("\x15{:.12g}", duration);
  out += '\x14';
  out += text;
  out += std::string_view("\x14\0", 2);
}

// Each record: its own time stamp, then as many annotations as fit, in order. The width is the
// least that holds all of them.
std::vector<std::string> annotation_records(const RecordingInfo& info, const Layout& layout) {
  std::vector<std::string> stamps;
  for (const double time : layout.record_times) append_tal(stamps.emplace_back(), time, 0, "");
  std::vector<std::string> notes;
  std::size_t longest = 0;
  std::size_t total = 0;
  for (const Annotation& note : info.annotations) {
    std::string text = note.text;
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return c < 0x20; }, ' ');
    append_tal(notes.emplace_back(), note.onset_s, note.duration_s, text);
    longest = std::max(longest, notes.back().size());
    total += notes.back().size();
  }
  std::size_t stamp = 0;
  for (const std::string& text : stamps) stamp = std::max(stamp, text.size());
  const std::size_t records = std::max<std::size_t>(1, stamps.size());
  const std::size_t width =
      (stamp + longest + (total + records - 1) / records + 1) & ~std::size_t{1};
  std::size_t next = 0;
  for (std::string& text : stamps) {
    while (next < notes.size() && text.size() + notes[next].size() <= width) text += notes[next++];
    text.resize(width, '\0');
  }
  require(next == notes.size(), ErrorCode::kInternal, "{} annotations did not fit",
          notes.size() - next);
  return stamps;
}

std::vector<Range> ranges(const Recording& recording, const EdfWriteOptions& options) {
  const RecordingInfo& info = recording.info();
  const std::size_t count = info.channels.size();
  std::vector<double> low = options.physical_min;
  std::vector<double> high = options.physical_max;
  require(low.size() == high.size() && (low.empty() || low.size() == count),
          ErrorCode::kInvalidArgument, "{} physical ranges for {} channels", low.size(), count);
  const bool measure = low.empty();
  if (measure) {
    low.assign(count, INFINITY);
    high.assign(count, -INFINITY);
  }
  const std::int64_t block =
      std::max<std::int64_t>(1, (1 << 18) / static_cast<std::int64_t>(count));
  for (std::int64_t at = 0; at < info.num_samples; at += block) {
    const std::int64_t length = std::min(block, info.num_samples - at);
    const Tensor samples = recording.read({}, at, length, DType::kF64);
    const auto values = samples.data<double>();
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::size_t channel = i / static_cast<std::size_t>(length);
      require(std::isfinite(values[i]), ErrorCode::kInvalidArgument,
              "channel {} sample {} is {}; EDF holds finite values only",
              info.channels[channel].name, at + static_cast<std::int64_t>(i) % length, values[i]);
      if (!measure) continue;
      low[channel] = std::min(low[channel], values[i]);
      high[channel] = std::max(high[channel], values[i]);
    }
  }
  std::vector<Range> result(count);
  for (std::size_t i = 0; i < count; ++i) {
    const double to_file = info.channels[i].unit == "V" ? 1e6 : 1;
    if (!(low[i] < high[i])) {  // constant or empty: any range that holds the value
      const double value = std::isfinite(low[i]) ? low[i] : 0;
      const double margin = value == 0 ? 1 / to_file : std::abs(value) / 2;
      low[i] = value - margin;
      high[i] = value + margin;
    }
    Range& r = result[i];
    r.low_text = number_text(low[i] * to_file, false);
    r.high_text = number_text(high[i] * to_file, true);
    r.low = parse(r.low_text);
    r.high = parse(r.high_text);
    r.gain = (r.high - r.low) / (kDigitalMax - kDigitalMin);
  }
  return result;
}

std::string pad(std::string_view text, std::size_t width) {
  std::string field;
  for (const char c : text.substr(0, width)) field += c >= 32 && c < 127 ? c : '_';
  field.resize(width, ' ');
  return field;
}

std::string date_fields(const std::string& iso, std::string& startdate) {
  constexpr const char* kMonths[] = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                     "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
  if (iso.size() < 19) {
    startdate = "Startdate X X X X";
    return "01.01.8500.00.00";  // EDF+ convention for "unknown"
  }
  const int month = std::clamp(std::atoi(iso.substr(5, 2).c_str()), 1, 12);
  const std::string day = iso.substr(8, 2);
  startdate = fmt::format("Startdate {}-{}-{} X X X", day, kMonths[month - 1], iso.substr(0, 4));
  return fmt::format("{}.{}.{}{}.{}.{}", day, iso.substr(5, 2), iso.substr(2, 2), iso.substr(11, 2),
                     iso.substr(14, 2), iso.substr(17, 2));
}

std::string header_text(const RecordingInfo& info, const Layout& layout,
                        const std::vector<Range>& scale, std::size_t tal_bytes,
                        const EdfWriteOptions& options) {
  const std::size_t signals = info.channels.size() + 1;
  std::string startdate;
  const std::string date = date_fields(info.start_time, startdate);
  std::string text = pad("0", 8) + pad(options.patient, 80) + pad(startdate, 80) + date;
  text += pad(fmt::format("{}", 256 * (signals + 1)), 8);
  text += pad(info.segments.size() > 1 ? "EDF+D" : "EDF+C", 44);
  text += pad(fmt::format("{}", layout.runs.size()), 8) + pad(layout.duration, 8);
  text += pad(fmt::format("{}", signals), 4);
  const auto column = [&](std::size_t width, const auto& of_channel, std::string_view last) {
    for (std::size_t i = 0; i + 1 < signals; ++i) text += pad(of_channel(i), width);
    text += pad(last, width);
  };
  const auto constant = [](const char* value) {
    return [value](std::size_t) { return std::string(value); };
  };
  column(
      16, [&](std::size_t i) { return info.channels[i].name; }, "EDF Annotations");
  column(80, constant(""), "");
  column(
      8, [&](std::size_t i) { return info.channels[i].unit == "V" ? "uV" : info.channels[i].unit; },
      "");
  column(
      8, [&](std::size_t i) { return scale[i].low_text; }, "-1");
  column(
      8, [&](std::size_t i) { return scale[i].high_text; }, "1");
  column(8, constant("-32768"), "-32768");
  column(8, constant("32767"), "32767");
  column(80, constant(""), "");
  column(
      8, [&](std::size_t) { return fmt::format("{}", layout.per_record); },
      fmt::format("{}", tal_bytes / 2));
  column(32, constant(""), "");
  return text;
}

void write_record(std::ostream& out, const Recording& recording, const Segment& run,
                  std::int64_t per_record, const std::vector<Range>& scale) {
  const Tensor samples = recording.read({}, run.first_sample, run.num_samples, DType::kF64);
  const double* value = samples.data<double>().data();
  std::vector<std::int16_t> digital(static_cast<std::size_t>(per_record));
  for (std::size_t channel = 0; channel < scale.size(); ++channel) {
    const double to_file = recording.info().channels[channel].unit == "V" ? 1e6 : 1;
    const Range& r = scale[channel];
    for (std::int64_t k = 0; k < per_record; ++k) {
      const double sample = value[std::min(k, run.num_samples - 1)] * to_file;
      const double step = std::nearbyint((sample - r.low) / r.gain) + kDigitalMin;
      digital[static_cast<std::size_t>(k)] =
          static_cast<std::int16_t>(std::clamp(step, kDigitalMin, kDigitalMax));
    }
    value += run.num_samples;
    out.write(reinterpret_cast<const char*>(digital.data()),
              static_cast<std::streamsize>(digital.size() * sizeof(std::int16_t)));
  }
}

}  // namespace

void visit_fields(FieldVisitor& visitor, EdfWriteOptions& o) {
  visitor.field("patient", o.patient, "the header's patient field");
  visitor.field("record_duration_s", o.record_duration_s, "near which a data record is cut",
                above(0));
  visitor.field("physical_min", o.physical_min, "lower end of each channel; empty: of the data");
  visitor.field("physical_max", o.physical_max, "upper end of each channel; empty: of the data");
}

void write_edf(const std::filesystem::path& path, const Recording& recording,
               const EdfWriteOptions& options) {
  const RecordingInfo& info = recording.info();
  require(info.rate_hz > 0, ErrorCode::kInvalidArgument,
          "{}: the sampling rate is unknown, EDF needs one (`rate_hz`)", path.string());
  require(!info.channels.empty() && info.num_samples > 0, ErrorCode::kInvalidArgument,
          "{}: nothing to write: {} channels, {} samples", path.string(), info.channels.size(),
          info.num_samples);
  with_context(path.string(), [&] {
    const Layout layout = plan(info, options.record_duration_s);
    const std::vector<Range> scale = ranges(recording, options);
    const std::vector<std::string> notes = annotation_records(info, layout);
    const std::int64_t padding =
        static_cast<std::int64_t>(layout.runs.size()) * layout.per_record - info.num_samples;
    if (padding > 0) {
      log_warn("{}: {} samples do not divide into records; the last sample is repeated {} times",
               path.string(), info.num_samples, padding);
    }
    write_file_atomic(path, [&](std::ostream& out) {
      out << header_text(info, layout, scale, notes.front().size(), options);
      for (std::size_t i = 0; i < layout.runs.size(); ++i) {
        write_record(out, recording, layout.runs[i], layout.per_record, scale);
        out << notes[i];
      }
    });
  });
}

}  // namespace nest::io
