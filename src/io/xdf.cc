#include "io/xdf.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include "io/xdf_clock.h"
#include "io/xdf_stream.h"
#include "nest/core/error.h"

namespace nest::io {
namespace {

enum Tag : std::uint16_t { kStreamHeader = 2, kSamples = 3, kClockOffset = 4 };

/// Beyond this the stated rate is wrong and the measured one is shown; below it times are counted
/// in samples of the stated one, so that recordings of one device share a rate.
constexpr double kWrongRate = 0.01;
/// A departure from the stated rate that is worth a word.
constexpr double kInexactRate = 0.001;

struct Streams {
  std::map<std::uint32_t, XdfStream> by_id;
  std::set<std::uint32_t> unreadable;
};

XdfStream* stream_of(Streams& streams, std::uint32_t id) {
  if (streams.unreadable.contains(id)) return nullptr;
  const auto found = streams.by_id.find(id);
  require(found != streams.by_id.end(), ErrorCode::kDataCorrupt,
          "stream {} has no header before it", id);
  return &found->second;
}

void read_header(std::span<const std::byte> content, Streams& streams, Departures& departures) {
  XdfCursor cursor(content);
  const auto id = cursor.value<std::uint32_t>();
  const auto xml = content.subspan(4);
  require(!streams.by_id.contains(id), ErrorCode::kDataCorrupt, "stream {} has a second header",
          id);
  streams.unreadable.insert(id);  // until it was read
  streams.by_id.emplace(
      id, parse_xdf_stream_header(id, {reinterpret_cast<const char*>(xml.data()), xml.size()},
                                  departures));
  streams.unreadable.erase(id);
}

void read_chunk(std::uint16_t tag, std::span<const std::byte> content, std::uint64_t offset,
                Streams& streams, Departures& departures) {
  if (tag == kStreamHeader) return read_header(content, streams, departures);
  XdfCursor cursor(content);
  XdfStream* stream = stream_of(streams, cursor.value<std::uint32_t>());
  if (stream == nullptr) return;
  if (tag == kSamples) {
    scan_xdf_samples(*stream, content.subspan(4), offset + 4, departures);
  } else {
    const auto time = cursor.value<double>();
    const auto shift = cursor.value<double>();
    require(std::isfinite(time) && std::isfinite(shift), ErrorCode::kDataCorrupt,
            "a clock offset that is not finite");
    stream->clock_offsets.emplace_back(time, shift);
  }
}

// Chunk: size of the length (1, 4, 8), length of tag and content, tag, content. What is wrong
// inside a chunk costs that chunk; a wrong length, the rest of the file.
void read_chunks(const ByteSource& source, bool allow_truncated, Streams& streams,
                 Departures& departures) {
  require(source.size() >= 4 && source.read_text(0, 4) == "XDF:", ErrorCode::kDataCorrupt,
          "byte 0: not XDF");
  std::uint64_t at = 4;
  while (at < source.size()) {
    const std::string where = fmt::format("chunk at byte {}", at);
    std::uint16_t tag = 0;
    std::uint64_t start = 0, length = 0;
    try {
      const auto head = source.read_bytes(at, std::min<std::uint64_t>(source.size() - at, 9));
      XdfCursor cursor(head);
      length = cursor.length();
      start = at + cursor.position();
      require(length >= 2 && length <= source.size() - start, ErrorCode::kDataCorrupt,
              "truncated: {} bytes are declared, the file has {} more", length,
              source.size() - start);
      tag = load_le<std::uint16_t>(source.read_bytes(start, 2).data());
    } catch (Error& error) {
      error.add_context(where);
      if (!allow_truncated || error.code() != ErrorCode::kDataCorrupt) throw;
      departures.add("stopped early", error.what());
      return;
    }
    at = start + length;
    if (tag != kStreamHeader && tag != kSamples && tag != kClockOffset) continue;
    const auto content = source.read_bytes(start + 2, length - 2);
    try {
      read_chunk(tag, content, start + 2, streams, departures);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kDataCorrupt) throw;
      departures.add("left out", fmt::format("{}: {}", where, error.what()));
    }
  }
}

std::string name_of(const XdfStream& stream) {
  return fmt::format("'{}' (id {}, {} samples)", stream.name, stream.id, stream.num_samples);
}

class XdfRecording : public Recording {
 public:
  XdfRecording(std::shared_ptr<const ByteSource> source, const OpenOptions& options)
      : source_(std::move(source)) {
    Departures departures;
    Streams streams;
    read_chunks(*source_, options.allow_truncated, streams, departures);
    stream_ = choose(streams, options.stream);
    clock_ = XdfClock(stream_.clock_offsets);
    info_.warnings = departures.lines();
    fill_info();
    place_runs();
    list_others(streams);
  }

 private:
  XdfStream choose(const Streams& streams, const std::string& wanted) {
    std::vector<const XdfStream*> numeric, fitting;
    std::string names;
    for (const auto& [id, stream] : streams.by_id) {
      if (stream.is_marker()) continue;
      numeric.push_back(&stream);
      names += (names.empty() ? "" : ", ") + name_of(stream);
    }
    const auto keep = [&](const auto& fits) {
      std::copy_if(numeric.begin(), numeric.end(), std::back_inserter(fitting), fits);
    };
    keep([&](const XdfStream* s) { return wanted.empty() || s->name == wanted; });
    if (fitting.empty()) keep([&](const XdfStream* s) { return std::to_string(s->id) == wanted; });
    require(!fitting.empty(), ErrorCode::kNotFound, "no numeric stream{}; the file has: {}",
            wanted.empty() ? "" : " '" + wanted + "'", names.empty() ? "none" : names);
    std::erase_if(fitting, [](const XdfStream* stream) { return stream->num_samples == 0; });
    require(!fitting.empty(), ErrorCode::kDataCorrupt, "no samples{}; the file has: {}",
            wanted.empty() ? " in any stream" : " in stream '" + wanted + "'", names);
    require(wanted.empty() || fitting.size() == 1, ErrorCode::kInvalidArgument,
            "{} streams are called '{}': choose one by its id: {}", fitting.size(), wanted, names);
    return best_of(fitting);
  }

  XdfStream best_of(const std::vector<const XdfStream*>& streams) {
    const auto rank = [](const XdfStream* s) {
      const bool is_eeg = s->type == "EEG" || s->type == "eeg";
      return std::make_tuple(is_eeg, s->rate_hz > 0, s->num_channels, s->rate_hz, s->num_samples);
    };
    const XdfStream* best = streams.front();
    for (const XdfStream* stream : streams) {
      if (rank(stream) > rank(best)) best = stream;
    }
    for (const XdfStream* other : streams) {
      if (other == best || other->name != best->name) continue;
      info_.notes.push_back(
          fmt::format("the stream was recorded more than once: {} is shown, {} is "
                      "chosen by its id",
                      name_of(*best), name_of(*other)));
    }
    return *best;
  }

  // The measured rate, and which one is shown.
  void fill_info() {
    info_.format = "XDF";
    info_.stream = stream_.name;
    info_.stream_id = std::to_string(stream_.id);
    info_.channels = stream_.channels;
    info_.rate_hz = stream_.rate_hz;
    info_.num_samples = stream_.num_samples;
    for (const ChannelInfo& channel : stream_.channels) {
      gain_.push_back(volts_per_unit(channel.file_unit).value_or(1));
    }
    double samples = 0, seconds = 0;
    for (const XdfRun& run : stream_.runs) {
      if (!(run.rate_hz() > 0)) continue;
      const auto n = static_cast<double>(run.num_samples() - 1);
      const double first = run.start_time();
      samples += n;
      seconds += clock_.corrected(first + n / run.rate_hz(), run.offsets_seen()) -
                 clock_.corrected(first, run.offsets_seen());
    }
    if (!(stream_.rate_hz > 0) || !(seconds > 0)) return;
    const double measured_hz = samples / seconds;
    const double off = std::abs(measured_hz / stream_.rate_hz - 1);
    // a few samples say nothing: jitter of a millisecond is a per cent of a tenth of a second
    if (off <= kInexactRate || samples < 100) return;
    const bool is_wrong = off > kWrongRate;
    if (is_wrong) info_.rate_hz = std::round(measured_hz * 1000) / 1000;
    info_.warnings.push_back(
        fmt::format("the time stamps run at {:.6g} Hz, the header states {} Hz; {}", measured_hz,
                    stream_.rate_hz,
                    is_wrong ? "the measured rate is taken"
                             : "times are counted in samples of the stated rate"));
  }

  // Segments begin when their first sample was taken, unless the one before lasts longer in
  // samples of the shown rate.
  void place_runs() {
    info_.segments.clear();
    for (const XdfRun& run : stream_.runs) {
      run_starts_.push_back(clock_.corrected(run.start_time(), run.offsets_seen()));
      double time_s = run_starts_.back() - run_starts_.front();
      if (!info_.segments.empty()) time_s = std::max(time_s, end_of(info_.segments.back()));
      info_.segments.push_back({run.first_sample(), run.num_samples(), time_s});
      timelines_.push_back(
          run.timeline([&](double stamp) { return clock_.corrected(stamp, run.offsets_seen()); }));
    }
  }

  double end_of(const Segment& segment) const {
    if (!(info_.rate_hz > 0)) return segment.time_s;
    return segment.time_s + static_cast<double>(segment.num_samples) / info_.rate_hz;
  }

  // When something happened, counted as the recording counts: by the sample that was taken then.
  double onset_of(double time) const {
    const double since_start = time - run_starts_.front();
    if (!(info_.rate_hz > 0)) return since_start;
    const auto next =
        std::upper_bound(run_starts_.begin() + 1, run_starts_.end(), time + 0.5 / info_.rate_hz);
    const auto at = static_cast<std::size_t>(next - run_starts_.begin() - 1);
    const Segment& segment = info_.segments[at];
    const double sample = timelines_[at].sample_at(time);
    if (sample < 0) return segment.time_s + time - run_starts_[at];
    const auto count = static_cast<double>(segment.num_samples);
    const double inside_s = segment.time_s + std::min(sample, count) / info_.rate_hz;
    if (sample <= count) return inside_s;
    const double gap_s = (sample - count) / timelines_[at].rate_hz;
    const bool is_last = at + 1 == info_.segments.size();
    return is_last ? inside_s + gap_s : std::min(inside_s + gap_s, info_.segments[at + 1].time_s);
  }

  void list_others(const Streams& streams) {
    for (const auto& [id, other] : streams.by_id) {
      if (id == stream_.id) continue;
      if (!other.is_marker()) {
        info_.other_streams.push_back(
            {other.name, other.rate_hz, other.num_channels, other.num_samples, std::to_string(id)});
      }
      const XdfClock clock(other.clock_offsets);
      for (const XdfMarker& marker : other.markers) {
        const double time = clock.corrected(marker.time, marker.offsets_seen);
        info_.annotations.push_back({onset_of(time), 0, marker.text, ""});
      }
    }
    std::stable_sort(info_.annotations.begin(), info_.annotations.end(),
                     [](const auto& a, const auto& b) { return a.onset_s < b.onset_s; });
  }

  void read_block(std::span<const int> channels, std::int64_t first, std::int64_t count,
                  double* out) const override {
    const auto after = std::upper_bound(
        stream_.blocks.begin(), stream_.blocks.end(), first,
        [](std::int64_t sample, const XdfBlock& block) { return sample < block.first_sample; });
    const std::size_t width = xdf_value_bytes(stream_.format);
    std::vector<std::byte> bytes;
    for (auto block = after - 1; block != stream_.blocks.end(); ++block) {
      if (block->first_sample >= first + count) return;
      bytes.resize(block->num_bytes);
      source_->read_at(block->offset, bytes);
      std::size_t at = 0;
      for (std::int64_t k = 0; k < block->num_samples; ++k) {
        at += 1 + static_cast<std::size_t>(bytes[at]);  // size of the time stamp, time stamp
        const std::int64_t sample = block->first_sample + k - first;
        if (sample >= 0 && sample < count) {
          for (std::size_t row = 0; row < channels.size(); ++row) {
            const auto channel = static_cast<std::size_t>(channels[row]);
            out[static_cast<std::int64_t>(row) * count + sample] =
                xdf_value(bytes.data() + at + channel * width, stream_.format) * gain_[channel];
          }
        }
        at += width * static_cast<std::size_t>(stream_.num_channels);
      }
    }
  }

  std::shared_ptr<const ByteSource> source_;
  XdfStream stream_;
  XdfClock clock_;
  std::vector<double> run_starts_;      // on the recorder's clock
  std::vector<XdfTimeline> timelines_;  // of the runs, likewise
  std::vector<double> gain_;
};

}  // namespace

std::shared_ptr<const Recording> open_xdf(std::shared_ptr<const ByteSource> source,
                                          const OpenOptions& options) {
  return std::make_shared<XdfRecording>(std::move(source), options);
}

}  // namespace nest::io
