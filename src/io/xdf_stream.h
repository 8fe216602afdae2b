#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/departures.h"
#include "io/xdf_run.h"
#include "nest/io/byte_source.h"
#include "nest/io/recording.h"

namespace nest::io {

enum class XdfFormat { kFloat32, kDouble64, kInt8, kInt16, kInt32, kInt64, kString };

/// Where some consecutive samples of a stream lie in the file.
struct XdfBlock {
  std::uint64_t offset = 0;
  std::uint64_t num_bytes = 0;
  std::int64_t first_sample = 0;
  std::int64_t num_samples = 0;
};

/// A sample of a stream of texts or of a one-channel stream of irregular rate.
struct XdfMarker {
  double time = 0;               ///< stream time
  std::size_t offsets_seen = 0;  ///< clock offsets in front of it in the file
  std::string text;
};

struct XdfStream {
  std::uint32_t id = 0;
  std::string name;
  std::string type;
  XdfFormat format = XdfFormat::kFloat32;
  std::int64_t num_channels = 0;
  double rate_hz = 0;
  std::vector<ChannelInfo> channels;

  std::vector<XdfBlock> blocks;
  std::vector<XdfRun> runs;
  std::vector<XdfMarker> markers;
  std::vector<std::pair<double, double>> clock_offsets;  ///< (stream time, offset)
  std::int64_t num_samples = 0;
  double last_time = 0;
  bool has_time = false;

  bool is_marker() const {
    return format == XdfFormat::kString || (rate_hz == 0 && num_channels == 1);
  }
};

/// Errors: DataCorrupt for XML that cannot be read, impossible counts and unknown formats.
XdfStream parse_xdf_stream_header(std::uint32_t id, std::string_view xml, Departures& departures);

/// Bytes of a value; 0 for strings.
std::size_t xdf_value_bytes(XdfFormat format);
double xdf_value(const std::byte* at, XdfFormat format);

/// A cursor over bytes that never leaves them.
class XdfCursor {
 public:
  explicit XdfCursor(std::span<const std::byte> bytes) : bytes_(bytes) {}
  /// Errors: DataCorrupt if fewer are left.
  std::span<const std::byte> take(std::uint64_t count);
  /// A count with its own size in front: 1, 4 or 8 bytes.
  std::uint64_t length();
  template <class T>
  T value() {
    return load_le<T>(take(sizeof(T)).data());
  }
  bool at_end() const { return at_ == bytes_.size(); }
  std::uint64_t position() const { return at_; }

 private:
  std::span<const std::byte> bytes_;
  std::uint64_t at_ = 0;
};

/// Adds the samples of one chunk (after its stream id) to the stream. Errors: DataCorrupt; the
/// samples in front of what is wrong are added.
void scan_xdf_samples(XdfStream& stream, std::span<const std::byte> bytes, std::uint64_t offset,
                      Departures& departures);

}  // namespace nest::io
