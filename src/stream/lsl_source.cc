#include "lsl_source.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "lsl_library.h"
#include "nest/core/error.h"
#include "nest/core/log.h"
#include "nest/core/utf8.h"
#include "stamp_line.h"

namespace nest::stream {
namespace {

using Handle = LslLibrary::Handle;

constexpr double kNap_s = 0.2;  ///< the longest wait that does not look at the stop token
constexpr std::int32_t kBuffered_s = 360;  ///< liblsl loses the oldest samples beyond

/// Stream information that is destroyed at the end.
class StreamInfo {
 public:
  StreamInfo(const LslLibrary& lsl, Handle handle) : lsl_(&lsl), handle_(handle) {}
  ~StreamInfo() {
    if (handle_ != nullptr) lsl_->destroy_streaminfo(handle_);
  }
  StreamInfo(StreamInfo&& other) noexcept
      : lsl_(other.lsl_), handle_(std::exchange(other.handle_, nullptr)) {}
  StreamInfo& operator=(StreamInfo&&) = delete;
  Handle get() const { return handle_; }

 private:
  const LslLibrary* lsl_;
  Handle handle_;
};

/// Streams that answer now to a name, a property or a predicate.
int resolve(const LslLibrary& lsl, const std::string& query, std::vector<Handle>& found) {
  const auto most = static_cast<std::uint32_t>(found.size());
  if (query.find_first_of("='\"") == std::string::npos)
    return lsl.resolve_byprop(found.data(), most, "name", query.c_str(), 1, kNap_s);
  if (query.find_first_of("'\"") != std::string::npos)
    return lsl.resolve_bypred(found.data(), most, query.c_str(), 1, kNap_s);
  const std::size_t sign = query.find('=');
  return lsl.resolve_byprop(found.data(), most, query.substr(0, sign).c_str(),
                            query.substr(sign + 1).c_str(), 1, kNap_s);
}

StreamInfo find_stream(const LslLibrary& lsl, const std::string& query, double timeout_s,
                       Clock& clock, const std::stop_token& stop) {
  const double deadline_s = clock.now_s() + timeout_s;
  std::vector<Handle> found(16);
  int count = 0;
  while (count == 0) {
    require(!stop.stop_requested(), ErrorCode::kInterrupted, "lsl:{}: stopped before it was found",
            query);
    count = resolve(lsl, query, found);
    require(count >= 0, ErrorCode::kInvalidArgument,
            "lsl:{}: liblsl cannot read this predicate; write lsl:NAME, lsl:type=EEG or "
            "lsl:\"name='a' and type='EEG'\"",
            query);
    require(count > 0 || clock.now_s() < deadline_s, ErrorCode::kNotFound,
            "lsl:{}: no such stream within {} s; is its sender running, in the same network?",
            query, timeout_s);
  }
  if (count > 1)
    log_warn("lsl:{}: {} streams answer, the first one is taken; name it by source_id=", query,
             count);
  for (int i = 1; i < count; ++i) lsl.destroy_streaminfo(found[static_cast<std::size_t>(i)]);
  return {lsl, found.front()};
}

/// The stated unit; MNE-LSL states a power of ten of a volt.
std::string unit_of(const char* stated) {
  std::string unit = utf8_or_latin1(stated);
  constexpr std::pair<std::string_view, std::string_view> kPowers[] = {
      {"0", "V"}, {"-3", "mV"}, {"-6", "uV"}, {"-9", "nV"}};
  for (const auto& [power, name] : kPowers)
    if (unit == power) return std::string(name);
  return unit;
}

/// Labels and units of the description; streams without one have channels without either.
std::vector<contract::SourceChannel> described_channels(const LslLibrary& lsl, Handle info) {
  std::vector<contract::SourceChannel> channels;
  const auto count = static_cast<std::size_t>(lsl.get_channel_count(info));
  Handle node = lsl.child(lsl.child(lsl.get_desc(info), "channels"), "channel");
  for (; lsl.empty(node) == 0 && channels.size() < count;
       node = lsl.next_sibling_n(node, "channel"))
    channels.push_back({utf8_or_latin1(lsl.child_value_n(node, "label")),
                        unit_of(lsl.child_value_n(node, "unit"))});
  if (channels.size() != count)
    return contract::unnamed_channels(static_cast<std::int64_t>(count), "");
  return channels;
}

class LslSource : public Source {
 public:
  LslSource(const std::string& query, double timeout_s, Clock& clock, std::stop_token stop)
      : lsl_(LslLibrary::instance()),
        timeout_s_(timeout_s),
        clock_(clock),
        stop_(std::move(stop)),
        line_(1) {
    const StreamInfo stream = find_stream(lsl_, query, timeout_s, clock, stop_);
    info_.name = "lsl:" + query;
    info_.rate_hz = lsl_.get_nominal_srate(stream.get());
    const int channels = lsl_.get_channel_count(stream.get());
    require(lsl_.get_channel_format(stream.get()) != LslLibrary::kString, ErrorCode::kDataCorrupt,
            "{}: the stream '{}' carries text (markers); a signal is needed", info_.name,
            lsl_.get_name(stream.get()));
    require(info_.rate_hz > 0 && channels > 0, ErrorCode::kDataCorrupt,
            "{}: the stream '{}' has {} channels at {} Hz; a regular signal is needed (0 Hz: an "
            "irregular one)",
            info_.name, lsl_.get_name(stream.get()), channels, info_.rate_hz);
    inlet_ = {lsl_.create_inlet(stream.get(), kBuffered_s, 0, 1), lsl_.destroy_inlet};
    require(inlet_ != nullptr, ErrorCode::kIo, "{}: cannot subscribe", info_.name);
    subscribe();
  }
  const SourceInfo& info() const override { return info_; }

  Chunk read(signal::SignalView<double> into) override {
    const double deadline_s = clock_.now_s() + timeout_s_;
    std::int64_t repeated = 0;
    while (!stop_.stop_requested()) {
      require(clock_.now_s() < deadline_s, ErrorCode::kIo, "{}: no data for {} s", info_.name,
              timeout_s_);
      if (begin_ == end_) pull(static_cast<std::size_t>(into.samples));
      if (begin_ == end_) continue;
      Chunk chunk = deliver(into);
      repeated += chunk.repeated;
      chunk.repeated = repeated;
      if (chunk.samples > 0) return chunk;
    }
    return {};
  }

 private:
  void subscribe() {
    std::int32_t error = 0;
    const StreamInfo full(lsl_, lsl_.get_fullinfo(inlet_.get(), timeout_s_, &error));
    require(full.get() != nullptr && error == 0, ErrorCode::kIo,
            "{}: the sender does not describe its stream within {} s", info_.name, timeout_s_);
    info_.channels = described_channels(lsl_, full.get());
    lsl_.set_postprocessing(inlet_.get(), LslLibrary::kClockSync);
    lsl_.open_stream(inlet_.get(), timeout_s_, &error);
    require(error == 0, ErrorCode::kIo, "{}: no connection within {} s", info_.name, timeout_s_);
    line_ = StampLine(info_.rate_hz);
  }

  /// Waits for a first sample and takes what else is there.
  void pull(std::size_t most) {
    const auto channels = static_cast<std::size_t>(info_.num_channels());
    samples_.resize(channels * most);
    stamps_.resize(most);
    std::int32_t error = 0;
    // liblsl refuses a buffer of stamps that is not as long as that of the samples.
    std::size_t values = lsl_.pull_chunk_f(inlet_.get(), samples_.data(), stamps_.data(), channels,
                                           1, kNap_s, &error);
    if (values > 0 && most > 1)
      values += lsl_.pull_chunk_f(inlet_.get(), samples_.data() + values, stamps_.data() + 1,
                                  samples_.size() - values, most - 1, 0.0, &error);
    require(error != LslLibrary::kLost, ErrorCode::kIo,
            "{}: the sender is gone, and without a source id it cannot be found again", info_.name);
    require(error == 0 || error == LslLibrary::kTimeout, ErrorCode::kIo,
            "{}: liblsl reports error {}", info_.name, error);
    begin_ = 0;
    end_ = values / channels;
  }

  /// Samples that wait, up to the next jump of their stamps.
  std::size_t run_length(std::size_t most) const {
    constexpr double kJump_s = 0.02;
    std::size_t end = begin_ + 1;
    while (end < end_ && end - begin_ < most &&
           std::abs(stamps_[end] - stamps_[end - 1] - 1 / info_.rate_hz) < kJump_s)
      ++end;
    return end - begin_;
  }

  /// One run, without what came before.
  Chunk deliver(signal::SignalView<double> into) {
    const std::size_t end = begin_ + run_length(static_cast<std::size_t>(into.samples));
    const auto count = static_cast<std::int64_t>(end - begin_);
    const std::int64_t missing = line_.advance(stamps_[begin_], count);
    Chunk chunk;
    chunk.lost = std::max<std::int64_t>(0, missing);
    chunk.repeated = std::clamp<std::int64_t>(-missing, 0, count);
    chunk.samples = count - chunk.repeated;
    chunk.arrival_s = clock_.now_s();
    begin_ += static_cast<std::size_t>(chunk.repeated);
    if (first_stamp_s_ == 0) first_stamp_s_ = stamps_[begin_];
    if (chunk.samples > 0) chunk.time_s = stamps_[begin_] - first_stamp_s_;
    const auto channels = static_cast<std::size_t>(info_.num_channels());
    for (std::size_t c = 0; c < channels; ++c) {
      double* row = into.row(static_cast<std::int64_t>(c));
      for (std::size_t t = begin_; t < end; ++t)
        *row++ = static_cast<double>(samples_[t * channels + c]);
    }
    begin_ = end;
    return chunk;
  }

  const LslLibrary& lsl_;
  std::unique_ptr<void, void (*)(Handle)> inlet_{nullptr, nullptr};
  double timeout_s_;
  Clock& clock_;
  std::stop_token stop_;
  SourceInfo info_;
  StampLine line_;
  std::vector<float> samples_;  ///< [time, channels]
  std::vector<double> stamps_;
  std::size_t begin_ = 0, end_ = 0;  ///< samples that wait
  double first_stamp_s_ = 0;
};

}  // namespace

std::unique_ptr<Source> open_lsl_source(const std::string& query, double timeout_s, Clock& clock,
                                        std::stop_token stop) {
  return std::make_unique<LslSource>(query, timeout_s, clock, std::move(stop));
}

}  // namespace nest::stream
