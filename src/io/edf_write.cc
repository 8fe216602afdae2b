#include <algorithm>
#include <cmath>
#include <numeric>
#include <ostream>

#include "io/edf_fields.h"
#include "io/edf_range.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/options.h"
#include "nest/io/edf.h"

namespace nest::io {
namespace {

struct Layout {
  std::int64_t per_record = 0;
  std::string duration;              // as the header states it
  std::vector<double> record_times;  // one a record
  std::vector<Segment> runs;         // samples of each record (the last of a run may be short)
};

// How far the eight characters of a record's duration are off, as a part of it.
double duration_error(std::int64_t per_record, double rate_hz) {
  const double seconds = static_cast<double>(per_record) / rate_hz;
  return std::abs(edf_value(edf_nearest(seconds)) / seconds - 1);
}

// The record length that says the rate best in the eight characters of its duration. Lengths near
// the wanted one first: a long record is padded by many samples in the end.
class RecordLength {
 public:
  RecordLength(const RecordingInfo& info) : info_(info) {}
  // True if it is exact.
  bool consider(std::int64_t samples) {
    const double error = duration_error(samples, info_.rate_hz);
    if (error < error_) {
      error_ = error;
      best_ = samples;
    }
    return error <= 1e-12;
  }
  bool consider(std::int64_t from, std::int64_t to) {
    for (std::int64_t n = from; n <= to; ++n) {
      if (consider(n)) return true;
    }
    return false;
  }
  std::int64_t best() const { return best_; }
  double drift_samples() const { return error_ * static_cast<double>(info_.num_samples); }
  bool is_good() const { return best_ > 0 && drift_samples() < 0.5; }

 private:
  const RecordingInfo& info_;
  std::int64_t best_ = 0;
  double error_ = 1;
};

std::int64_t choose_record_length(const RecordingInfo& info, double wanted_s) {
  std::int64_t divisor = 0;
  for (const Segment& segment : info.segments) divisor = std::gcd(divisor, segment.num_samples);
  const auto wanted = std::max<std::int64_t>(1, std::llround(wanted_s * info.rate_hz));
  RecordLength length(info);
  for (std::int64_t n = 2 * wanted; n >= std::max<std::int64_t>(1, wanted / 4); --n) {
    if (divisor % n == 0 && length.consider(n)) return n;
  }
  if (info.segments.size() <= 1) {
    const bool is_found = length.consider(wanted, 2 * wanted) || length.is_good() ||
                          length.consider(2 * wanted, 100 * wanted);
    if (is_found) return length.best();
  }
  require(info.segments.size() <= 1 || length.best() > 0, ErrorCode::kInvalidArgument,
          "the recording has gaps, and no record length near {} s divides its segments; choose "
          "another record duration or cut the segments",
          wanted_s);
  require(
      length.is_good(), ErrorCode::kInvalidArgument,
      "no record length says {} Hz in the 8 characters of EDF: after {} samples the best one is "
      "{:.1f} samples off; resample first",
      info.rate_hz, info.num_samples, length.drift_samples());
  return length.best();
}

Layout plan(const RecordingInfo& info, double wanted_s) {
  Layout layout;
  layout.per_record = choose_record_length(info, wanted_s);
  layout.duration = edf_nearest(static_cast<double>(layout.per_record) / info.rate_hz);
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
  out += onset < 0 ? "-" : "+";
  out += edf_seconds(std::abs(onset));
  if (duration > 0) out += "\x15" + edf_seconds(duration);
  out += '\x14';
  out += text;
  out += std::string_view("\x14\0", 2);
}

// Each record: its own time stamp, then as many annotations as fit, in order. The width is the
// least that holds all of them. Times count from the header's whole second.
std::vector<std::string> annotation_records(const RecordingInfo& info, const Layout& layout,
                                            double start_s) {
  std::vector<std::string> stamps;
  for (const double time : layout.record_times) {
    append_tal(stamps.emplace_back(), start_s + time, 0, "");
  }
  std::vector<std::string> notes;
  std::size_t longest = 0;
  std::size_t total = 0;
  for (const Annotation& note : info.annotations) {
    std::string text = note.text;
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return c < 0x20; }, ' ');
    append_tal(notes.emplace_back(), start_s + note.onset_s, note.duration_s, text);
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

std::string header_text(const RecordingInfo& info, const Layout& layout,
                        const std::vector<EdfRange>& scale, const EdfStart& start,
                        const std::vector<std::string>& labels, std::size_t tal_bytes,
                        const EdfWriteOptions& options) {
  const std::size_t signals = info.channels.size() + 1;
  std::string text = edf_field("0", 8) + edf_field(options.patient, 80);
  text += edf_field(start.startdate, 80) + start.date + start.time;
  text += edf_field(fmt::format("{}", 256 * (signals + 1)), 8);
  text += edf_field(info.segments.size() > 1 ? "EDF+D" : "EDF+C", 44);
  text += edf_field(fmt::format("{}", layout.runs.size()), 8) + edf_field(layout.duration, 8);
  text += edf_field(fmt::format("{}", signals), 4);
  const auto column = [&](std::size_t width, const auto& of_channel, std::string_view last) {
    for (std::size_t i = 0; i + 1 < signals; ++i) text += edf_field(of_channel(i), width);
    text += edf_field(last, width);
  };
  const auto constant = [](const char* value) {
    return [value](std::size_t) { return std::string(value); };
  };
  column(
      16, [&](std::size_t i) { return labels[i]; }, "EDF Annotations");
  column(80, constant(""), "");
  column(
      8, [&](std::size_t i) { return scale[i].unit; }, "");
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
                  std::int64_t per_record, const std::vector<EdfRange>& scale) {
  const Tensor samples = recording.read({}, run.first_sample, run.num_samples, DType::kF64);
  const double* value = samples.data<double>().data();
  std::vector<std::int16_t> digital(static_cast<std::size_t>(per_record));
  for (std::size_t channel = 0; channel < scale.size(); ++channel) {
    const EdfRange& r = scale[channel];
    for (std::int64_t k = 0; k < per_record; ++k) {
      const double sample = value[std::min(k, run.num_samples - 1)] * r.scale;
      const double step = std::nearbyint((sample - r.low) / r.gain) + kEdfDigitalMin;
      digital[static_cast<std::size_t>(k)] =
          static_cast<std::int16_t>(std::clamp(step, kEdfDigitalMin, kEdfDigitalMax));
    }
    value += run.num_samples;
    out.write(reinterpret_cast<const char*>(digital.data()),
              static_cast<std::streamsize>(digital.size() * sizeof(std::int16_t)));
  }
}

// What the reader of the file will find different.
void say_losses(const RecordingInfo& info, const Layout& layout,
                std::vector<std::string>& warnings) {
  const std::int64_t padding =
      static_cast<std::int64_t>(layout.runs.size()) * layout.per_record - info.num_samples;
  if (padding > 0) {
    warnings.push_back(
        fmt::format("{} samples do not divide into records; the last sample is repeated {} times",
                    info.num_samples, padding));
  }
  const double stated_hz = static_cast<double>(layout.per_record) / edf_value(layout.duration);
  if (std::abs(stated_hz / info.rate_hz - 1) > 1e-12) {
    warnings.push_back(fmt::format("the rate {} Hz is stated as {} samples in {} s, {} Hz",
                                   info.rate_hz, layout.per_record, layout.duration, stated_hz));
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

std::vector<std::string> write_edf(const std::filesystem::path& path, const Recording& recording,
                                   const EdfWriteOptions& options) {
  const RecordingInfo& info = recording.info();
  require(info.rate_hz > 0, ErrorCode::kInvalidArgument,
          "{}: the sampling rate is unknown, EDF needs one (`rate_hz`)", path.string());
  require(!info.channels.empty() && info.num_samples > 0, ErrorCode::kInvalidArgument,
          "{}: nothing to write: {} channels, {} samples", path.string(), info.channels.size(),
          info.num_samples);
  return with_context(path.string(), [&] {
    std::vector<std::string> warnings;
    const Layout layout = plan(info, options.record_duration_s);
    const std::vector<EdfRange> scale = edf_ranges(recording, options);
    const EdfStart start = edf_start(info.start_time, warnings);
    const std::vector<std::string> labels = edf_labels(info.channels, warnings);
    const std::vector<std::string> notes = annotation_records(info, layout, start.fraction_s);
    say_losses(info, layout, warnings);
    write_file_atomic(path, [&](std::ostream& out) {
      out << header_text(info, layout, scale, start, labels, notes.front().size(), options);
      for (std::size_t i = 0; i < layout.runs.size(); ++i) {
        write_record(out, recording, layout.runs[i], layout.per_record, scale);
        out << notes[i];
      }
    });
    return warnings;
  });
}

}  // namespace nest::io
