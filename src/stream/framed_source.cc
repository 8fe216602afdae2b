#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <system_error>

#include <poll.h>
#include <unistd.h>

#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/core/job.h"
#include "nest/core/json.h"
#include "nest/stream/source.h"

namespace nest::stream {
namespace {

static_assert(std::endian::native == std::endian::little, "frames are little-endian");
constexpr std::size_t kMaxHeaderBytes = 65536;
constexpr std::int64_t kMaxChannels = 4096;
constexpr std::size_t kMaxBufferedFrames = 4096;

class FramedSource : public Source {
 public:
  FramedSource(int fd, bool owns, std::string name, double timeout_s, Clock& clock,
               std::stop_token stop)
      : fd_(fd), owns_(owns), timeout_s_(timeout_s), clock_(clock), stop_(std::move(stop)) {
    info_.name = std::move(name);
    read_header();
    frame_bytes_ = static_cast<std::size_t>(info_.num_channels()) * value_bytes();
    used_ = buffer_.size();  // what came behind the header
    buffer_.resize(std::max(frame_bytes_ * kMaxBufferedFrames, used_));
  }
  ~FramedSource() override {
    if (owns_) ::close(fd_);
  }

  const SourceInfo& info() const override { return info_; }

  Chunk read(signal::SignalView<double> into) override {
    while (used_ < frame_bytes_) {
      if (!fill()) {
        require(used_ == 0 || stop_.stop_requested(), ErrorCode::kDataCorrupt,
                "{}: the stream ended inside a frame ({} of {} bytes)", info_.name, used_,
                frame_bytes_);
        return {};
      }
    }
    Chunk chunk;
    chunk.arrival_s = clock_.now_s();
    chunk.time_s = static_cast<double>(delivered_) / info_.rate_hz;
    chunk.samples =
        std::min<std::int64_t>(static_cast<std::int64_t>(used_ / frame_bytes_), into.samples);
    const char* bytes = buffer_.data();
    for (std::int64_t t = 0; t < chunk.samples; ++t) {
      for (std::int64_t c = 0; c < info_.num_channels(); ++c, bytes += value_bytes())
        into.row(c)[t] = value_at(bytes);
    }
    const std::size_t taken = static_cast<std::size_t>(chunk.samples) * frame_bytes_;
    std::memmove(buffer_.data(), buffer_.data() + taken, used_ - taken);
    used_ -= taken;
    delivered_ += chunk.samples;
    return chunk;
  }

 private:
  std::size_t value_bytes() const { return is_int16_ ? sizeof(std::int16_t) : sizeof(float); }
  double value_at(const char* bytes) const {
    if (is_int16_) {
      std::int16_t value = 0;
      std::memcpy(&value, bytes, sizeof value);
      return gain_ * static_cast<double>(value);
    }
    float value = 0;
    std::memcpy(&value, bytes, sizeof value);
    return gain_ * static_cast<double>(value);
  }

  /// Waits for bytes and appends what is there; false at the end of the stream.
  bool fill() {
    const std::size_t got = receive(buffer_.data() + used_, buffer_.size() - used_);
    used_ += got;
    return got > 0;
  }

  std::size_t receive(char* into, std::size_t room) {
    const double deadline_s = clock_.now_s() + timeout_s_;
    while (!stop_.stop_requested()) {
      pollfd waiting{fd_, POLLIN, 0};
      const int ready = ::poll(&waiting, 1, 100);
      if (ready > 0) {
        const ssize_t got = ::read(fd_, into, room);
        if (got >= 0) return static_cast<std::size_t>(got);
        if (errno != EAGAIN && errno != EINTR) {
          fail(ErrorCode::kIo, "{}: read failed: {}", info_.name,
               std::generic_category().message(errno));
        }
      }
      require(clock_.now_s() < deadline_s, ErrorCode::kIo,
              "{}: no data for {} s; is the sender running? (`timeout_s`)", info_.name, timeout_s_);
    }
    return 0;
  }

  void read_header() {
    std::vector<char> text;
    char block[4096];
    auto end = text.end();
    while ((end = std::find(text.begin(), text.end(), '\n')) == text.end()) {
      require(text.size() < kMaxHeaderBytes, ErrorCode::kDataCorrupt,
              "{}: no header line within {} bytes; send one line of JSON first", info_.name,
              kMaxHeaderBytes);
      const std::size_t got = receive(block, sizeof block);
      Job{{}, stop_}.check_stop("no header line had arrived");
      require(got > 0, ErrorCode::kDataCorrupt, "{}: the stream ended before its header line",
              info_.name);
      text.insert(text.end(), block, block + got);
    }
    const Config header = Config::from_json(
        parse_json(std::string_view(text.data(), static_cast<std::size_t>(end - text.begin())),
                   info_.name),
        info_.name);
    header.expect_keys({"rate_hz", "channels", "unit", "type", "gain"});
    const std::string type = header.has("type") ? header.at("type").as_string() : "float32";
    is_int16_ = type == "int16";
    require(is_int16_ || type == "float32", ErrorCode::kDataCorrupt,
            "{}: the header's type is '{}'; float32 and int16 are known", info_.name, type);
    if (header.has("gain")) gain_ = header.at("gain").as_double();
    require(gain_ != 0, ErrorCode::kDataCorrupt,
            "{}: the header's gain is 0; it is the unit's value of 1", info_.name);
    info_.rate_hz = header.at("rate_hz").as_double();
    require(header.has("unit"), ErrorCode::kDataCorrupt,
            "{}: the header states no unit; add what the samples are in, \"unit\": \"uV\" (or V, "
            "mV, nV)",
            info_.name);
    info_.channels =
        contract::named_channels(header.at("channels").as_strings(), header.at("unit").as_string());
    require(info_.rate_hz > 0 && info_.rate_hz <= 1e6, ErrorCode::kDataCorrupt,
            "{}: rate_hz is {}; it must be above 0 and at most 1000000", info_.name, info_.rate_hz);
    require(info_.num_channels() > 0 && info_.num_channels() <= kMaxChannels,
            ErrorCode::kDataCorrupt, "{}: {} channels; 1 to {} are possible", info_.name,
            info_.num_channels(), kMaxChannels);
    buffer_.assign(end + 1, text.end());
  }

  int fd_;
  bool owns_;
  double timeout_s_;
  Clock& clock_;
  std::stop_token stop_;
  SourceInfo info_;
  bool is_int16_ = false;
  double gain_ = 1;  ///< value in the header's unit = gain * number
  std::vector<char> buffer_;
  std::size_t used_ = 0;
  std::size_t frame_bytes_ = 0;
  std::int64_t delivered_ = 0;
};

}  // namespace

std::unique_ptr<Source> open_framed_source(int fd, bool owns, std::string name, double timeout_s,
                                           Clock& clock, std::stop_token stop) {
  return std::make_unique<FramedSource>(fd, owns, std::move(name), timeout_s, clock,
                                        std::move(stop));
}

}  // namespace nest::stream
