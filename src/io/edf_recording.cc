#include <algorithm>
#include <cmath>
#include <map>

#include "io/departures.h"
#include "io/limits.h"
#include "io/wall_time.h"
#include "nest/core/error.h"
#include "nest/io/edf.h"

namespace nest::io {
namespace {

struct Scale {
  double gain = 1;
  double offset = 0;
};

std::string rate_name(double rate_hz) {
  return fmt::format("{} Hz", rate_hz);
}

double decode(const std::byte* at, bool is_bdf) {
  if (!is_bdf) return load_le<std::int16_t>(at);
  const auto raw = static_cast<std::uint32_t>(at[0]) << 8 |
                   static_cast<std::uint32_t>(at[1]) << 16 |
                   static_cast<std::uint32_t>(at[2]) << 24;
  return static_cast<std::int32_t>(raw) >> 8;  // arithmetic shift extends the sign
}

class EdfRecording : public Recording {
 public:
  EdfRecording(std::shared_ptr<const ByteSource> source, const OpenOptions& options)
      : source_(std::move(source)), header_(read_edf_header(*source_, options.allow_truncated)) {
    choose_stream(options.stream);
    fill_info();
    read_annotations();
    if (header_.is_bdf) read_triggers();
    for (std::string& line : departures_.lines()) info_.warnings.push_back(std::move(line));
    std::stable_sort(info_.annotations.begin(), info_.annotations.end(),
                     [](const auto& a, const auto& b) { return a.onset_s < b.onset_s; });
  }

 private:
  double rate_of(std::int64_t samples_per_record) const {
    return static_cast<double>(samples_per_record) / header_.record_duration_s;
  }

  // Signals that can be read, by their samples in a record.
  std::map<std::int64_t, std::vector<int>> sound_signals() {
    std::map<std::int64_t, std::vector<int>> groups;
    std::string problem;
    bool has_annotations = false;
    for (std::size_t i = 0; i < header_.signals.size(); ++i) {
      const EdfSignal& signal = header_.signals[i];
      has_annotations = has_annotations || signal.is_annotation;
      if (signal.is_annotation || signal.samples_per_record == 0) continue;
      const bool has_rate = header_.record_duration_s > 0;
      if (signal.problem.empty() && has_rate) {
        groups[signal.samples_per_record].push_back(static_cast<int>(i));
        continue;
      }
      problem = has_rate ? signal.problem
                         : "header byte 244: the record duration is 0, so it has no rate";
      departures_.add("left out", fmt::format("signal {} '{}' ({})", i + 1, signal.label, problem));
    }
    require(!groups.empty() || has_annotations || problem.empty(), ErrorCode::kDataCorrupt,
            "no signal can be read: {}", problem);
    return groups;
  }

  void choose_stream(const std::string& wanted) {
    const auto groups = sound_signals();
    if (groups.empty()) return;  // annotations only
    std::string names;
    require(rate_of(groups.rbegin()->first) <= kMaxRateHz, ErrorCode::kDataCorrupt,
            "header byte 244: record duration {} s makes {} samples a rate above {} Hz",
            header_.record_duration_s, groups.rbegin()->first, kMaxRateHz);
    for (const auto& [samples, signals] : groups) {
      const std::string name = rate_name(rate_of(samples));
      names += (names.empty() ? "" : ", ") + name;
      const bool is_better = wanted.empty() && signals.size() >= signals_.size();
      if (is_better || name == wanted) {
        signals_ = signals;
        per_record_ = samples;
      }
    }
    require(per_record_ > 0, ErrorCode::kNotFound, "no stream '{}'; the file has: {}", wanted,
            names);
    for (const auto& [samples, signals] : groups) {
      if (samples == per_record_) continue;
      info_.other_streams.push_back({rate_name(rate_of(samples)), rate_of(samples),
                                     static_cast<std::int64_t>(signals.size()),
                                     header_.num_records * samples});
    }
  }

  void fill_info() {
    info_.format = header_.is_bdf ? "BDF" : "EDF";
    if (header_.is_plus) info_.format += header_.has_gaps ? "+D" : "+C";
    info_.start_time = header_.start_time;
    info_.warnings = header_.warnings;
    if (!info_.other_streams.empty()) info_.stream = rate_name(rate_of(per_record_));
    info_.rate_hz = per_record_ > 0 ? rate_of(per_record_) : 0;
    info_.num_samples = header_.num_records * per_record_;
    info_.segments = {{0, info_.num_samples, 0}};
    for (const int index : signals_) {
      const EdfSignal& s = header_.signals[static_cast<std::size_t>(index)];
      const auto volts = volts_per_unit(s.unit);
      const double unit = volts.value_or(1);
      const double gain = (s.physical_max - s.physical_min) / (s.digital_max - s.digital_min);
      scales_.push_back({gain * unit, (s.physical_min - gain * s.digital_min) * unit});
      const auto [low, high] = std::minmax({s.physical_min * unit, s.physical_max * unit});
      info_.channels.push_back({s.label, volts ? "V" : s.unit, s.unit, low, high});
    }
  }

  // The lists of one record; the first list of all is the time keeping one.
  EdfTal lists_of(std::int64_t record) {
    EdfTal all;
    for (const EdfSignal& signal : header_.signals) {
      if (!signal.is_annotation || signal.samples_per_record == 0) continue;
      const EdfTal tal = parse_edf_tal(source_->read_text(
          byte_of(record, signal), static_cast<std::uint64_t>(signal.samples_per_record) *
                                       static_cast<std::uint64_t>(header_.sample_bytes())));
      for (const std::string& problem : tal.problems) {
        departures_.add("annotation list left out", fmt::format("record {}: {}", record, problem));
      }
      if (all.is_empty) {
        all.has_record_time = tal.has_record_time;
        all.record_time_s = tal.record_time_s;
        all.is_empty = tal.is_empty;
      }
      all.annotations.insert(all.annotations.end(), tal.annotations.begin(), tal.annotations.end());
    }
    return all;
  }

  void read_annotations() {
    const bool has_lists =
        std::any_of(header_.signals.begin(), header_.signals.end(),
                    [](const EdfSignal& s) { return s.is_annotation && s.samples_per_record > 0; });
    if (header_.is_plus && !has_lists) info_.warnings.emplace_back("EDF+ without annotations");
    if (!has_lists && !header_.has_gaps) return;
    double start = 0;
    double expected = 0;
    std::vector<Segment> segments;
    for (std::int64_t record = 0; record < header_.num_records; ++record) {
      const EdfTal tal = lists_of(record);
      require(!tal.is_empty || !header_.has_gaps, ErrorCode::kDataCorrupt,
              "record {} has no time stamp, which {} requires", record, info_.format);
      if (record == 0 && tal.has_record_time) start = tal.record_time_s;
      double time = tal.has_record_time ? tal.record_time_s - start : expected;
      if (header_.has_gaps && per_record_ > 0) {
        time = extend_segments(record, time, expected, segments);
      } else if (per_record_ > 0 && std::abs(time - expected) > 1e-3 + 1 / info_.rate_hz) {
        departures_.add("time stamp that jumps although the recording is stated to be continuous",
                        fmt::format("record {} at {} s, expected {} s", record, time, expected));
      }
      for (const Annotation& note : tal.annotations) {
        info_.annotations.push_back(
            {note.onset_s - start, note.duration_s,
             departures_.utf8(note.text, fmt::format("annotation of record {}", record)), ""});
      }
      expected = time + header_.record_duration_s;
    }
    if (header_.has_gaps && per_record_ > 0) info_.segments = std::move(segments);
    shift_start(start);
  }

  // The header's clock has whole seconds; the first time stamp says when in or after that second
  // the recording began (EDF+ 2.2.4).
  void shift_start(double seconds) {
    const auto stated = parse_wall_time(info_.start_time);
    if (stated && std::abs(seconds) < 1e9) {
      info_.start_time = iso_wall_time(*stated + std::llround(seconds * 1e6));
    }
  }

  // Where the record belongs: its own time, or the end of the one before it if it overlaps that.
  double extend_segments(std::int64_t record, double time, double expected,
                         std::vector<Segment>& segments) {
    const double slack = 0.5 / info_.rate_hz;
    if (time < expected - slack) {
      departures_.add("time stamp before the end of the record in front, taken as following it",
                      fmt::format("record {} at {} s, expected {} s", record, time, expected));
      time = expected;
    }
    if (segments.empty() || time > expected + slack) {
      segments.push_back({record * per_record_, 0, time});
    }
    segments.back().num_samples += per_record_;
    return time;
  }

  // BioSemi keeps the trigger input in the lower 16 bits of the last channel.
  void read_triggers() {
    for (std::size_t i = 0; i < info_.channels.size(); ++i) {
      if (info_.channels[i].name != "Status") continue;
      const EdfSignal& signal = header_.signals[static_cast<std::size_t>(signals_[i])];
      int before = 0;
      for (std::int64_t record = 0; record < header_.num_records; ++record) {
        const auto bytes = source_->read_bytes(
            byte_of(record, signal), static_cast<std::uint64_t>(signal.samples_per_record) * 3);
        for (std::int64_t k = 0; k < per_record_; ++k) {
          const auto value = static_cast<int>(load_le<std::uint16_t>(bytes.data() + 3 * k));
          if (value != before && value != 0) {
            const std::int64_t at = record * per_record_ + k;
            info_.annotations.push_back({info_.time_of(at), 0, fmt::format("{}", value), "Status"});
          }
          before = value;
        }
      }
    }
  }

  std::uint64_t byte_of(std::int64_t record, const EdfSignal& signal) const {
    return static_cast<std::uint64_t>(header_.header_bytes + record * header_.record_bytes +
                                      signal.record_offset);
  }

  void read_block(std::span<const int> channels, std::int64_t first, std::int64_t count,
                  double* out) const override {
    std::vector<std::byte> bytes;
    std::int64_t done = 0;
    while (done < count) {
      const std::int64_t record = (first + done) / per_record_;
      const std::int64_t from = (first + done) % per_record_;
      const std::int64_t take = std::min(count - done, per_record_ - from);
      read_record(channels, record, from, take, out + done, count, bytes);
      done += take;
    }
  }

  // One read for all wanted channels of a record, unless most of it would be thrown away.
  void read_record(std::span<const int> channels, std::int64_t record, std::int64_t from,
                   std::int64_t take, double* out, std::int64_t stride,
                   std::vector<std::byte>& bytes) const {
    const std::int64_t width = header_.sample_bytes();
    const auto signal_of = [&](int channel) -> const EdfSignal& {
      return header_.signals[static_cast<std::size_t>(signals_[static_cast<std::size_t>(channel)])];
    };
    const auto [low, high] = std::minmax_element(channels.begin(), channels.end());
    const std::int64_t span_bytes =
        signal_of(*high).record_offset - signal_of(*low).record_offset + take * width;
    const auto num_channels = static_cast<std::int64_t>(channels.size());
    const bool together = span_bytes <= 4 * num_channels * take * width;
    if (together) {
      bytes.resize(static_cast<std::size_t>(span_bytes));
      source_->read_at(byte_of(record, signal_of(*low)) + static_cast<std::uint64_t>(from * width),
                       bytes);
    } else {
      bytes.resize(static_cast<std::size_t>(take * width));
    }
    for (const int channel : channels) {
      const std::byte* at = bytes.data();
      if (together) {
        at += signal_of(channel).record_offset - signal_of(*low).record_offset;
      } else {
        source_->read_at(
            byte_of(record, signal_of(channel)) + static_cast<std::uint64_t>(from * width), bytes);
      }
      const Scale scale = scales_[static_cast<std::size_t>(channel)];
      for (std::int64_t k = 0; k < take; ++k) {
        out[k] = decode(at + k * width, header_.is_bdf) * scale.gain + scale.offset;
      }
      out += stride;
    }
  }

  std::shared_ptr<const ByteSource> source_;
  EdfHeader header_;
  Departures departures_;
  std::vector<int> signals_;  // of the chosen stream: indices into header_.signals
  std::int64_t per_record_ = 0;
  std::vector<Scale> scales_;
};

}  // namespace

std::shared_ptr<const Recording> open_edf(std::shared_ptr<const ByteSource> source,
                                          const OpenOptions& options) {
  return std::make_shared<EdfRecording>(std::move(source), options);
}

}  // namespace nest::io
