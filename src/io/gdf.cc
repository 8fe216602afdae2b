#include "io/gdf.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "io/departures.h"
#include "io/gdf_header.h"
#include "io/limits.h"
#include "nest/core/error.h"

namespace nest::io {
namespace {

constexpr std::string_view kNewSegment = "32766";  // 0x7FFE, start of a new segment

double decode(const std::byte* at, std::uint32_t type) {
  switch (type) {
    case 1:
      return load_le<std::int8_t>(at);
    case 2:
      return load_le<std::uint8_t>(at);
    case 3:
      return load_le<std::int16_t>(at);
    case 4:
      return load_le<std::uint16_t>(at);
    case 5:
      return load_le<std::int32_t>(at);
    case 6:
      return load_le<std::uint32_t>(at);
    case 7:
      return static_cast<double>(load_le<std::int64_t>(at));
    case 8:
      return static_cast<double>(load_le<std::uint64_t>(at));
    case 16:
      return static_cast<double>(load_le<float>(at));
    case 17:
      return load_le<double>(at);
    default: {
      const auto raw = static_cast<std::uint32_t>(at[0]) << 8 |
                       static_cast<std::uint32_t>(at[1]) << 16 |
                       static_cast<std::uint32_t>(at[2]) << 24;
      return static_cast<std::int32_t>(raw) >> 8;
    }
  }
}

class GdfRecording : public Recording {
 public:
  GdfRecording(std::shared_ptr<const ByteSource> source, const OpenOptions& options)
      : source_(std::move(source)), header_(read_gdf_header(*source_, options.allow_truncated)) {
    choose_stream(options.stream);
    fill_info();
    try {
      read_events();
    } catch (const Error& error) {  // the samples do not depend on it
      if (error.code() != ErrorCode::kDataCorrupt) throw;
      departures_.add("events left out", error.what());
    }
    require(!signals_.empty() || !info_.annotations.empty(), ErrorCode::kDataCorrupt,
            "no signal can be read and there are no events: {}",
            fmt::join(departures_.lines(), "; "));
    for (std::string& line : departures_.lines()) info_.warnings.push_back(std::move(line));
  }

 private:
  double rate_of(std::uint32_t samples_per_record) const {
    return samples_per_record / header_.record_duration_s;
  }

  void choose_stream(const std::string& wanted) {
    std::map<std::uint32_t, std::vector<int>> groups;
    for (std::size_t i = 0; i < header_.signals.size(); ++i) {
      const GdfSignal& signal = header_.signals[i];
      if (signal.samples_per_record == 0) continue;
      const std::string problem = header_.record_duration_s > 0
                                      ? signal.problem
                                      : "header byte 244: the record duration is 0, it has no rate";
      if (problem.empty()) {
        groups[signal.samples_per_record].push_back(static_cast<int>(i));
      } else {
        departures_.add("left out",
                        fmt::format("signal {} '{}' ({})", i + 1, signal.label, problem));
      }
    }
    if (groups.empty()) return;  // events only
    std::string names;
    for (const auto& [samples, signals] : groups) {
      require(rate_of(samples) <= kMaxRateHz, ErrorCode::kDataCorrupt,
              "header byte 244: {} samples in {} s are more than {} Hz", samples,
              header_.record_duration_s, kMaxRateHz);
      const std::string name = fmt::format("{} Hz", rate_of(samples));
      names += (names.empty() ? "" : ", ") + name;
      if (wanted.empty() ? signals.size() >= signals_.size() : name == wanted) {
        signals_ = signals;
        per_record_ = samples;
      }
    }
    require(per_record_ > 0, ErrorCode::kNotFound, "no stream '{}'; the file has: {}", wanted,
            names);
    for (const auto& [samples, signals] : groups) {
      if (samples == per_record_) continue;
      info_.other_streams.push_back({fmt::format("{} Hz", rate_of(samples)), rate_of(samples),
                                     static_cast<std::int64_t>(signals.size()),
                                     static_cast<std::int64_t>(header_.num_records * samples)});
    }
  }

  void fill_info() {
    info_.format = fmt::format("GDF {:.2f}", header_.version);
    info_.start_time = header_.start_time;
    info_.warnings = header_.warnings;
    info_.rate_hz = per_record_ > 0 ? rate_of(per_record_) : 0;
    info_.num_samples = static_cast<std::int64_t>(header_.num_records * per_record_);
    info_.segments = {{0, info_.num_samples, 0}};
    for (const int index : signals_) {
      const GdfSignal& s = header_.signals[static_cast<std::size_t>(index)];
      const auto volts = volts_per_unit(s.unit);
      const double unit = volts.value_or(1);
      const double gain = (s.physical_max - s.physical_min) / (s.digital_max - s.digital_min);
      gain_.push_back(gain * unit);
      offset_.push_back((s.physical_min - gain * s.digital_min) * unit);
      const auto [low, high] = std::minmax({s.physical_min * unit, s.physical_max * unit});
      info_.channels.push_back({s.label, volts ? "V" : s.unit, s.unit, low, high});
    }
  }

  // GDF 1: mode, rate[3], count[4]; from 1.94 on: mode, count[3], rate[4]. Then all positions, all
  // codes and, in mode 3, all channels and all durations.
  void read_events() {
    const std::uint64_t start = header_.data_end();
    if (start + 8 > source_->size()) return;
    const auto head = source_->read_bytes(start, 8);
    const auto mode = static_cast<int>(head[0]);
    if (mode != 1 && mode != 3) return;
    const auto three = [&](std::size_t k) {
      return static_cast<std::uint32_t>(head[k]) | static_cast<std::uint32_t>(head[k + 1]) << 8 |
             static_cast<std::uint32_t>(head[k + 2]) << 16;
    };
    const bool is_new = header_.version >= 1.94;
    const std::uint64_t count = is_new ? three(1) : load_le<std::uint32_t>(head.data() + 4);
    double rate = is_new ? static_cast<double>(load_le<float>(head.data() + 4)) : three(1);
    if (!(rate > 0 && rate < kMaxRateHz)) rate = info_.rate_hz;
    require(rate > 0, ErrorCode::kDataCorrupt, "event table: neither it nor a signal has a rate");
    const auto positions = source_->read_bytes(start + 8, count * 4);
    const auto codes = source_->read_bytes(start + 8 + count * 4, count * 2);
    const auto extra = mode == 3 ? source_->read_bytes(start + 8 + count * 6, count * 6)
                                 : std::vector<std::byte>{};
    for (std::uint64_t i = 0; i < count; ++i) {
      const double position = load_le<std::uint32_t>(positions.data() + 4 * i);
      Annotation note;
      note.onset_s = std::max(0.0, position - 1) / rate;
      note.text = fmt::format("{}", load_le<std::uint16_t>(codes.data() + 2 * i));
      if (mode == 3) {
        const auto channel = load_le<std::uint16_t>(extra.data() + 2 * i);
        if (channel > 0 && channel <= header_.signals.size()) {
          note.channel = header_.signals[channel - 1u].label;
        }
        note.duration_s = load_le<std::uint32_t>(extra.data() + 2 * count + 4 * i) / rate;
      }
      info_.annotations.push_back(std::move(note));
    }
    std::stable_sort(info_.annotations.begin(), info_.annotations.end(),
                     [](const auto& a, const auto& b) { return a.onset_s < b.onset_s; });
    for (const Annotation& note : info_.annotations) {
      if (note.text == kNewSegment) begin_segment(std::llround(note.onset_s * info_.rate_hz));
    }
  }

  // The table does not say how long the break before it was.
  void begin_segment(std::int64_t sample) {
    Segment& last = info_.segments.back();
    if (sample <= last.first_sample || sample >= info_.num_samples) return;
    last.num_samples = sample - last.first_sample;
    info_.segments.push_back(
        {sample, info_.num_samples - sample, static_cast<double>(sample) / info_.rate_hz});
  }

  void read_block(std::span<const int> channels, std::int64_t first, std::int64_t count,
                  double* out) const override {
    std::vector<std::byte> bytes;
    const auto per_record = static_cast<std::int64_t>(per_record_);
    for (std::int64_t done = 0; done < count;) {
      const auto record = static_cast<std::uint64_t>((first + done) / per_record);
      const auto from = static_cast<std::uint64_t>((first + done) % per_record);
      const std::int64_t take =
          std::min(count - done, per_record - static_cast<std::int64_t>(from));
      for (std::size_t row = 0; row < channels.size(); ++row) {
        const auto channel = static_cast<std::size_t>(channels[row]);
        const GdfSignal& s = header_.signals[static_cast<std::size_t>(signals_[channel])];
        const auto width = static_cast<std::size_t>(s.sample_bytes);
        bytes.resize(static_cast<std::size_t>(take) * width);
        source_->read_at(
            header_.header_bytes + record * header_.record_bytes + s.record_offset + from * width,
            bytes);
        double* target = out + static_cast<std::int64_t>(row) * count + done;
        for (std::size_t k = 0; k < static_cast<std::size_t>(take); ++k) {
          target[k] = decode(bytes.data() + k * width, s.type) * gain_[channel] + offset_[channel];
        }
      }
      done += take;
    }
  }

  std::shared_ptr<const ByteSource> source_;
  GdfHeader header_;
  std::vector<int> signals_;
  std::uint32_t per_record_ = 0;
  std::vector<double> gain_;
  std::vector<double> offset_;
  Departures departures_;
};

}  // namespace

std::shared_ptr<const Recording> open_gdf(std::shared_ptr<const ByteSource> source,
                                          const OpenOptions& options) {
  return std::make_shared<GdfRecording>(std::move(source), options);
}

}  // namespace nest::io
