#include "fieldtrip_source.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fieldtrip_wire.h"
#include "nest/core/error.h"
#include "tcp.h"

namespace nest::stream {
namespace {

using namespace fieldtrip;

constexpr std::uint32_t kMostBytes = 1U << 28;  ///< of an answer
constexpr std::uint32_t kNap_ms = 200;          ///< the longest wait that looks at no stop token

class FieldTripSource final : public Source {
 public:
  FieldTripSource(const std::string& address, double timeout_s, Clock& clock, std::stop_token stop)
      : fd_(connect_tcp(address, timeout_s, stop)),
        timeout_s_(timeout_s),
        clock_(clock),
        stop_(std::move(stop)) {
    info_.name = "fieldtrip:" + address;
    try {
      begin();
    } catch (...) {  // no destructor runs for what was not constructed
      ::close(fd_);
      throw;
    }
  }
  ~FieldTripSource() override { ::close(fd_); }

  const SourceInfo& info() const override { return info_; }

  Chunk read(signal::SignalView<double> into) override {
    const double deadline_s = clock_.now_s() + timeout_s_;
    while (!stop_.stop_requested()) {
      require(clock_.now_s() < deadline_s, ErrorCode::kIo, "{}: no data for {} s", info_.name,
              timeout_s_);
      try {
        if (const Chunk chunk = try_read(into); chunk.samples > 0) return chunk;
      } catch (const Error& error) {
        if (error.code() != ErrorCode::kInterrupted) throw;
      }
    }
    return {};
  }

 private:
  /// What is there; waits a moment for it.
  Chunk try_read(signal::SignalView<double> into) {
    if (available_ <= next_) available_ = wait_for(next_);
    if (available_ <= next_) return {};
    const auto count = std::min<std::int64_t>(into.samples, available_ - next_);
    if (get(count, into)) return delivered(count);
    // The ring has moved on: what it still holds comes next, what it threw away is lost.
    next_ = oldest_after_a_refusal(count);
    return {};
  }

  void begin() {
    const double deadline_s = clock_.now_s() + timeout_s_;
    std::optional<std::vector<char>> answer;
    while (!(answer = ask(kGetHeader, {}, kGetOk, kGetError))) {
      require(!stop_.stop_requested(), ErrorCode::kInterrupted,
              "{}: stopped before it had a header", info_.name);
      require(clock_.now_s() < deadline_s, ErrorCode::kIo,
              "{}: the buffer has no header within {} s; has the acquisition begun?", info_.name,
              timeout_s_);
      clock_.wait_until(clock_.now_s() + 0.1);
    }
    HeaderDef header;
    read_struct(*answer, header);
    require(header.channels > 0 && header.channels <= 4096 && header.rate_hz > 0 &&
                type_bytes(header.data_type) > 0,
            ErrorCode::kDataCorrupt, "{}: a header of {} channels at {} Hz, data type {}",
            info_.name, header.channels, header.rate_hz, header.data_type);
    info_.rate_hz = static_cast<double>(header.rate_hz);
    const auto names = channel_names(std::span(*answer).subspan(sizeof header));
    info_.channels = names.size() == header.channels
                         ? contract::named_channels(names, "")
                         : contract::unnamed_channels(header.channels, "");
    next_ = available_ = first_ = header.samples;
  }

  /// Samples that the buffer has seen, after waiting for more than `known`.
  std::int64_t wait_for(std::int64_t known) {
    const WaitDef wait{static_cast<std::uint32_t>(known), ~std::uint32_t{0}, kNap_ms};
    const auto answer = ask(kWait, bytes_of(wait), kWaitOk, kWaitError);
    require(answer.has_value(), ErrorCode::kIo, "{}: the buffer refuses to be waited for",
            info_.name);
    WaitAnswer seen;
    read_struct(*answer, seen);
    // A buffer that was started anew counts from 0.
    if (seen.samples < known) next_ = 0;
    return seen.samples;
  }

  bool get(std::int64_t count, signal::SignalView<double> into) {
    const DataSelection selection{static_cast<std::uint32_t>(next_),
                                  static_cast<std::uint32_t>(next_ + count - 1)};
    const auto answer = ask(kGetData, bytes_of(selection), kGetOk, kGetError);
    if (!answer) return false;
    DataDef data;
    read_struct(*answer, data);
    const std::size_t bytes = type_bytes(data.data_type);
    require(bytes > 0 && data.channels == static_cast<std::uint32_t>(info_.num_channels()) &&
                data.samples == static_cast<std::uint32_t>(count) &&
                answer->size() - sizeof data >= bytes * data.channels * data.samples,
            ErrorCode::kDataCorrupt, "{}: asked for {} samples, got {} of {} channels in {} bytes",
            info_.name, count, data.samples, data.channels, answer->size());
    const char* at = answer->data() + sizeof data;
    for (std::int64_t t = 0; t < count; ++t)
      for (std::int64_t c = 0; c < info_.num_channels(); ++c, at += bytes)
        into.row(c)[t] = value_at(at, data.data_type);
    return true;
  }

  Chunk delivered(std::int64_t count) {
    Chunk chunk{.samples = count,
                .time_s = static_cast<double>(next_ - first_) / info_.rate_hz,
                .arrival_s = clock_.now_s(),
                .first_sample = next_};
    next_ += count;
    return chunk;
  }

  std::int64_t oldest_after_a_refusal(std::int64_t count) {
    available_ = wait_for(next_);
    return std::max(next_ + count, std::max<std::int64_t>(0, available_ - count));
  }

  template <class T>
  static std::span<const char> bytes_of(const T& value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
  }
  template <class T>
  void read_struct(const std::vector<char>& answer, T& into) const {
    require(answer.size() >= sizeof into, ErrorCode::kDataCorrupt,
            "{}: an answer of {} bytes, {} are needed", info_.name, answer.size(), sizeof into);
    std::copy_n(answer.data(), sizeof into, reinterpret_cast<char*>(&into));
  }

  /// The answer's content, or nothing if it is the error that the protocol foresees.
  std::optional<std::vector<char>> ask(std::uint16_t command, std::span<const char> content,
                                       std::uint16_t good, std::uint16_t bad) {
    const Message request{kVersion, command, static_cast<std::uint32_t>(content.size())};
    std::vector<char> out(sizeof request + content.size());
    std::copy_n(reinterpret_cast<const char*>(&request), sizeof request, out.begin());
    std::ranges::copy(content, out.begin() + sizeof request);
    send_all(out);
    Message answer;
    receive_all({reinterpret_cast<char*>(&answer), sizeof answer});
    require(answer.version == kVersion && answer.size <= kMostBytes &&
                (answer.command == good || answer.command == bad),
            ErrorCode::kDataCorrupt, "{}: request {:#x} was answered by {:#x}, version {}",
            info_.name, command, answer.command, answer.version);
    std::vector<char> bytes(answer.size);
    receive_all(bytes);
    if (answer.command == bad) return std::nullopt;
    return bytes;
  }

  void send_all(std::span<const char> bytes) {
    transfer(bytes.size(), POLLOUT, [&](std::size_t at) {
      return ::send(fd_, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
    });
  }
  void receive_all(std::span<char> bytes) {
    transfer(bytes.size(), POLLIN,
             [&](std::size_t at) { return ::recv(fd_, bytes.data() + at, bytes.size() - at, 0); });
  }

  template <class Move>
  void transfer(std::size_t size, short events, Move&& move) {
    const double deadline_s = clock_.now_s() + timeout_s_;
    for (std::size_t done = 0; done < size;) {
      require(!stop_.stop_requested(), ErrorCode::kInterrupted, "{}: stopped", info_.name);
      require(clock_.now_s() < deadline_s, ErrorCode::kIo, "{}: no answer within {} s", info_.name,
              timeout_s_);
      pollfd waiting{fd_, events, 0};
      if (::poll(&waiting, 1, 100) <= 0) continue;
      const ssize_t moved = move(done);
      require(moved != 0, ErrorCode::kIo, "{}: the buffer closed the connection", info_.name);
      if (moved > 0) {
        done += static_cast<std::size_t>(moved);
      } else if (errno != EAGAIN && errno != EINTR) {
        fail(ErrorCode::kIo, "{}: {}", info_.name, std::generic_category().message(errno));
      }
    }
  }

  int fd_;
  double timeout_s_;
  Clock& clock_;
  std::stop_token stop_;
  SourceInfo info_;
  std::int64_t first_ = 0;      ///< the buffer's number of the first sample read
  std::int64_t next_ = 0;       ///< of the next one
  std::int64_t available_ = 0;  ///< samples that the buffer has seen
};

}  // namespace

std::unique_ptr<Source> open_fieldtrip_source(const std::string& address, double timeout_s,
                                              Clock& clock, std::stop_token stop) {
  return std::make_unique<FieldTripSource>(address, timeout_s, clock, std::move(stop));
}

}  // namespace nest::stream
