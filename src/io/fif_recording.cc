#include <algorithm>
#include <cmath>

#include "io/companions.h"
#include "io/fif.h"
#include "io/fif_header.h"
#include "io/fif_tags.h"
#include "io/wall_time.h"
#include "nest/core/error.h"

namespace nest::io {
namespace {

constexpr std::uint64_t kReadBytes = 1 << 20;
constexpr std::size_t kMaxParts = 1000;

struct Part {
  std::shared_ptr<const ByteSource> source;
  FifHeader header;
};

/// A buffer at its place in the recording, where skips take no samples.
struct Placed {
  std::int64_t first_sample = 0;
  std::size_t part = 0;
  FifBuffer buffer;
};

std::string iso_time(double seconds) {
  if (!(seconds > -6e10 && seconds < 2e11)) return "";
  return iso_wall_time(std::llround(seconds * 1e6));
}

class FifRecording : public Recording {
 public:
  explicit FifRecording(std::vector<Part> parts) : parts_(std::move(parts)) {
    place_buffers();
    const FifHeader& first = parts_.front().header;
    info_.format = "FIF";
    info_.channels = first.channels;
    info_.rate_hz = first.rate_hz;
    info_.annotations = first.annotations;
    std::stable_sort(info_.annotations.begin(), info_.annotations.end(),
                     [](const auto& a, const auto& b) { return a.onset_s < b.onset_s; });
    for (const Part& part : parts_) {
      info_.warnings.insert(info_.warnings.end(), part.header.warnings.begin(),
                            part.header.warnings.end());
    }
    if (first.has_meas_date && !placed_.empty()) {
      info_.start_time =
          iso_time(first.meas_date_s +
                   static_cast<double>(placed_.front().buffer.first_sample) / first.rate_hz);
    }
  }

 private:
  void place_buffers() {
    std::int64_t expected = 0;  // next sample of the measurement if nothing is skipped
    for (std::size_t p = 0; p < parts_.size(); ++p) {
      for (const FifBuffer& buffer : parts_[p].header.buffers) {
        if (placed_.empty() || buffer.first_sample != expected) {
          require(placed_.empty() || buffer.first_sample > expected, ErrorCode::kDataCorrupt,
                  "part {}: its first sample is {}, before the end of the part before, {}", p + 1,
                  buffer.first_sample, expected);
          const std::int64_t start =
              placed_.empty() ? buffer.first_sample : placed_.front().buffer.first_sample;
          info_.segments.push_back(
              {info_.num_samples, 0,
               static_cast<double>(buffer.first_sample - start) / parts_[0].header.rate_hz});
        }
        placed_.push_back({info_.num_samples, p, buffer});
        info_.num_samples += buffer.num_samples;
        info_.segments.back().num_samples += buffer.num_samples;
        expected = buffer.first_sample + buffer.num_samples;
      }
    }
  }

  /// Reads rows [from, from + count) of a buffer, all channels, and hands out the wanted ones.
  void read_rows(const Placed& placed, std::int64_t from, std::int64_t count,
                 std::span<const int> channels, double* out, std::int64_t stride) const {
    const auto width = static_cast<std::size_t>(fif_sample_bytes(placed.buffer.type));
    const std::size_t row_bytes = width * info_.channels.size();
    const auto bytes = parts_[placed.part].source->read_bytes(
        placed.buffer.offset + static_cast<std::uint64_t>(from) * row_bytes,
        static_cast<std::uint64_t>(count) * row_bytes);
    const std::vector<double>& gain = parts_[placed.part].header.gain;
    for (std::size_t row = 0; row < channels.size(); ++row) {
      const auto channel = static_cast<std::size_t>(channels[row]);
      double* target = out + static_cast<std::int64_t>(row) * stride;
      const std::byte* at = bytes.data() + channel * width;
      for (std::int64_t k = 0; k < count; ++k, at += row_bytes) {
        target[k] = fif_sample(at, placed.buffer.type) * gain[channel];
      }
    }
  }

  void read_block(std::span<const int> channels, std::int64_t first, std::int64_t count,
                  double* out) const override {
    auto placed = std::upper_bound(
        placed_.begin(), placed_.end(), first,
        [](std::int64_t sample, const Placed& entry) { return sample < entry.first_sample; });
    --placed;
    for (std::int64_t done = 0; done < count;) {
      const std::int64_t from = first + done - placed->first_sample;
      if (from == placed->buffer.num_samples) {
        ++placed;
        continue;
      }
      const auto row_bytes =
          static_cast<std::uint64_t>(fif_sample_bytes(placed->buffer.type)) * info_.channels.size();
      const auto rows =
          static_cast<std::int64_t>(std::max<std::uint64_t>(1, kReadBytes / row_bytes));
      const std::int64_t take = std::min({count - done, placed->buffer.num_samples - from, rows});
      read_rows(*placed, from, take, channels, out + done, count);
      done += take;
    }
  }

  std::vector<Part> parts_;
  std::vector<Placed> placed_;
};

void check_fit(const FifHeader& first, const FifHeader& next, const std::string& name) {
  const bool same_channels = std::equal(
      first.channels.begin(), first.channels.end(), next.channels.begin(), next.channels.end(),
      [](const auto& a, const auto& b) { return a.name == b.name; });
  require(same_channels && next.rate_hz == first.rate_hz, ErrorCode::kDataCorrupt,
          "{}: its {} channels at {} Hz are not those of the first part, {} at {} Hz", name,
          next.channels.size(), next.rate_hz, first.channels.size(), first.rate_hz);
}

/// The next part's file: beside `path`, and only there.
std::filesystem::path next_path(const std::filesystem::path& path, const std::string& name) {
  const std::filesystem::path file(name);
  require(file.filename() == file && !name.empty() && name != "." && name != "..",
          ErrorCode::kDataCorrupt, "the next part is named '{}', which is no plain file name",
          name);
  return path.parent_path() / file;
}

}  // namespace

std::vector<std::filesystem::path> fif_companions(const std::filesystem::path& first) {
  std::vector<std::filesystem::path> files;
  try {
    auto file = first;
    while (files.size() < kMaxParts && std::filesystem::exists(file)) {
      const std::string next = read_fif_header(*ByteSource::open(file), true).next_file;
      if (next.empty()) break;
      file = next_path(first, next);
      if (file == first || std::find(files.begin(), files.end(), file) != files.end()) break;
      files.push_back(file);
    }
  } catch (const Error&) {  // its reader says what is wrong
  }
  return files;
}

std::shared_ptr<const Recording> open_fif(std::shared_ptr<const ByteSource> source,
                                          const OpenOptions& options) {
  Part part{std::move(source), {}};
  part.header = read_fif_header(*part.source, options.allow_truncated);
  if (!part.header.next_file.empty()) {
    part.header.warnings.push_back("the recording goes on in " + part.header.next_file);
  }
  std::vector<Part> parts;
  parts.push_back(std::move(part));
  return std::make_shared<FifRecording>(std::move(parts));
}

std::shared_ptr<const Recording> open_fif(const std::filesystem::path& path,
                                          const OpenOptions& options) {
  std::vector<Part> parts;
  std::vector<std::filesystem::path> opened;
  std::filesystem::path file = path;
  while (true) {
    Part part{ByteSource::open(file), {}};
    with_context(opened.empty() ? "" : "part " + file.filename().string(), [&] {
      part.header = read_fif_header(*part.source, options.allow_truncated);
      if (!parts.empty()) check_fit(parts.front().header, part.header, file.filename().string());
    });
    opened.push_back(file);
    const std::string next = part.header.next_file;
    parts.push_back(std::move(part));
    if (next.empty()) break;
    file = next_path(path, next);
    require(
        std::find(opened.begin(), opened.end(), file) == opened.end() && parts.size() < kMaxParts,
        ErrorCode::kDataCorrupt, "the parts lead back to {}", file.filename().string());
    if (!std::filesystem::exists(file)) {
      const std::string missing = fmt::format("the recording goes on in {}, which is not beside it",
                                              file.filename().string());
      require(options.allow_truncated, ErrorCode::kDataCorrupt,
              "{}; `allow_truncated` reads what is there", missing);
      parts.back().header.warnings.push_back(missing);
      break;
    }
  }
  return std::make_shared<FifRecording>(std::move(parts));
}

}  // namespace nest::io
