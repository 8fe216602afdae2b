#include "nest/io/xdf.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "io/xdf_stream.h"
#include "nest/core/error.h"

namespace nest::io {
namespace {

enum Tag : std::uint16_t { kStreamHeader = 2, kSamples = 3, kClockOffset = 4 };

using Streams = std::map<std::uint32_t, XdfStream>;

XdfStream& stream_of(Streams& streams, std::uint32_t id) {
  const auto found = streams.find(id);
  require(found != streams.end(), ErrorCode::kDataCorrupt, "stream {} has no header before it", id);
  return found->second;
}

void read_chunk(std::uint16_t tag, std::span<const std::byte> content, std::uint64_t offset,
                Streams& streams) {
  XdfCursor cursor(content);
  if (tag == kStreamHeader) {
    const auto id = cursor.value<std::uint32_t>();
    const auto xml = content.subspan(4);
    streams[id] =
        parse_xdf_stream_header(id, {reinterpret_cast<const char*>(xml.data()), xml.size()});
  } else if (tag == kSamples) {
    const auto id = cursor.value<std::uint32_t>();
    scan_xdf_samples(stream_of(streams, id), content.subspan(4), offset + 4);
  } else if (tag == kClockOffset) {
    XdfStream& stream = stream_of(streams, cursor.value<std::uint32_t>());
    const auto time = cursor.value<double>();
    const auto shift = cursor.value<double>();
    if (std::isfinite(time) && std::isfinite(shift)) stream.clock_offsets.emplace_back(time, shift);
  }
}

// Chunk: size of the length (1, 4, 8), length of tag and content, tag, content.
void read_chunks(const ByteSource& source, bool allow_truncated, Streams& streams,
                 std::vector<std::string>& warnings) {
  require(source.size() >= 4 && source.read_text(0, 4) == "XDF:", ErrorCode::kDataCorrupt,
          "byte 0: not XDF");
  std::uint64_t at = 4;
  while (at < source.size()) {
    try {
      with_context(fmt::format("chunk at byte {}", at), [&] {
        const auto head = source.read_bytes(at, std::min<std::uint64_t>(source.size() - at, 9));
        XdfCursor cursor(head);
        const std::uint64_t length = cursor.length();
        const std::uint64_t start = at + cursor.position();
        require(length >= 2 && length <= source.size() - start, ErrorCode::kDataCorrupt,
                "truncated: {} bytes are declared, the file has {} more", length,
                source.size() - start);
        const auto tag = load_le<std::uint16_t>(source.read_bytes(start, 2).data());
        if (tag == kStreamHeader || tag == kSamples || tag == kClockOffset) {
          read_chunk(tag, source.read_bytes(start + 2, length - 2), start + 2, streams);
        }
        at = start + length;
      });
    } catch (const Error& error) {
      if (!allow_truncated || error.code() != ErrorCode::kDataCorrupt) throw;
      warnings.push_back(fmt::format("stopped early: {}", error.what()));
      return;
    }
  }
}

class XdfRecording : public Recording {
 public:
  XdfRecording(std::shared_ptr<const ByteSource> source, const OpenOptions& options)
      : source_(std::move(source)) {
    Streams streams;
    read_chunks(*source_, options.allow_truncated, streams, info_.warnings);
    stream_ = choose(streams, options.stream);
    fill_info(streams);
  }

 private:
  static XdfStream choose(const Streams& streams, const std::string& wanted) {
    const XdfStream* best = nullptr;
    std::string names;
    const auto rank = [](const XdfStream& s) {
      return std::make_tuple(s.type == "EEG", s.rate_hz > 0, s.num_channels, s.rate_hz);
    };
    for (const auto& [id, stream] : streams) {
      if (stream.is_marker()) continue;
      names += (names.empty() ? "" : ", ") + stream.name;
      const bool fits = wanted.empty() ? best == nullptr || rank(stream) > rank(*best)
                                       : stream.name == wanted && best == nullptr;
      if (fits) best = &stream;
    }
    require(best != nullptr, ErrorCode::kNotFound, "no numeric stream{}; the file has: {}",
            wanted.empty() ? "" : " '" + wanted + "'", names.empty() ? "none" : names);
    return *best;
  }

  void fill_info(const Streams& streams) {
    info_.format = "XDF";
    info_.stream = stream_.name;
    info_.channels = stream_.channels;
    info_.rate_hz = stream_.rate_hz;
    info_.num_samples = stream_.num_samples;
    for (const ChannelInfo& channel : stream_.channels) {
      gain_.push_back(volts_per_unit(channel.file_unit).value_or(1));
    }
    const double start =
        stream_.runs.empty() ? 0 : stream_.corrected(stream_.runs.front().start_time());
    for (const XdfRun& run : stream_.runs) {
      info_.segments.push_back({run.first_sample, run.num_samples,
                                std::max(0.0, stream_.corrected(run.start_time()) - start)});
    }
    if (info_.segments.empty()) info_.segments = {{0, info_.num_samples, 0}};
    const double effective = stream_.runs.empty() ? 0 : stream_.runs.front().rate_hz();
    if (stream_.rate_hz > 0 && effective > 0 && std::abs(effective / stream_.rate_hz - 1) > 0.005) {
      info_.warnings.push_back(fmt::format(
          "the time stamps run at {:.4g} Hz, the header states {} Hz", effective, stream_.rate_hz));
    }
    for (const auto& [id, other] : streams) {
      if (id == stream_.id) continue;
      if (!other.is_marker()) {
        info_.other_streams.push_back(
            {other.name, other.rate_hz, other.num_channels, other.num_samples});
      }
      for (Annotation note : other.markers) {
        note.onset_s = other.corrected(note.onset_s) - start;
        info_.annotations.push_back(std::move(note));
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
  std::vector<double> gain_;
};

}  // namespace

std::shared_ptr<const Recording> open_xdf(std::shared_ptr<const ByteSource> source,
                                          const OpenOptions& options) {
  return std::make_shared<XdfRecording>(std::move(source), options);
}

}  // namespace nest::io
