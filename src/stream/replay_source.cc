#include <algorithm>
#include <cmath>
#include <utility>

#include "nest/core/error.h"
#include "nest/io/recording.h"
#include "nest/stream/source.h"

namespace nest::stream {
namespace {

class ReplaySource : public Source {
 public:
  ReplaySource(std::shared_ptr<const io::Recording> recording, const std::string& name,
               Clock& clock, const SourceOptions& options)
      : recording_(std::move(recording)), clock_(clock), real_time_(options.real_time) {
    const io::RecordingInfo& info = recording_->info();
    require(info.rate_hz > 0, ErrorCode::kDataCorrupt,
            "{}: the file states no sampling rate, so it cannot be replayed", name);
    info_ = contract::source_of(info, name);
    chunk_ = options.chunk_samples > 0 ? options.chunk_samples
                                       : std::max<std::int64_t>(1, std::llround(info.rate_hz / 25));
    start_s_ = clock.now_s();
  }

  const SourceInfo& info() const override { return info_; }
  bool is_paced() const override { return real_time_; }

  Chunk read(signal::SignalView<double> into) override {
    const auto& segments = recording_->info().segments;
    Chunk chunk;
    while (segment_ < segments.size() &&
           position_ >= segments[segment_].first_sample + segments[segment_].num_samples) {
      ++segment_;
    }
    if (segment_ == segments.size()) return chunk;
    const io::Segment& segment = segments[segment_];
    chunk.time_s =
        segment.time_s + static_cast<double>(position_ - segment.first_sample) / info_.rate_hz;
    if (position_ > 0 && position_ == segment.first_sample) {
      chunk.lost =
          std::max<std::int64_t>(0, std::llround((chunk.time_s - expected_s_) * info_.rate_hz));
    }
    chunk.samples =
        std::min({chunk_, into.samples, segment.first_sample + segment.num_samples - position_});
    expected_s_ = chunk.time_s + static_cast<double>(chunk.samples) / info_.rate_hz;
    // A live amplifier hands over a block when its last sample has been taken.
    if (real_time_ && !clock_.wait_until(start_s_ + expected_s_)) {
      chunk.samples = 0;
      return chunk;
    }
    const Tensor block = recording_->read({}, position_, chunk.samples, DType::kF64);
    for (std::int64_t c = 0; c < info_.num_channels(); ++c) {
      std::copy_n(block.data<double>().data() + c * chunk.samples, chunk.samples, into.row(c));
    }
    position_ += chunk.samples;
    chunk.arrival_s = real_time_ ? start_s_ + expected_s_ : clock_.now_s();
    return chunk;
  }

 private:
  std::shared_ptr<const io::Recording> recording_;
  Clock& clock_;
  bool real_time_;
  SourceInfo info_;
  std::int64_t chunk_ = 1;
  std::int64_t position_ = 0;
  std::size_t segment_ = 0;
  double expected_s_ = 0;
  double start_s_ = 0;
};

}  // namespace

std::unique_ptr<Source> replay(std::shared_ptr<const io::Recording> recording, std::string name,
                               Clock& clock, const SourceOptions& options) {
  return std::make_unique<ReplaySource>(std::move(recording), name, clock, options);
}

}  // namespace nest::stream
