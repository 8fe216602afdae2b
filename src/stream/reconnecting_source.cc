#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "nest/core/error.h"
#include "nest/core/log.h"
#include "nest/stream/source.h"

namespace nest::stream {
namespace {

constexpr double kPause_s = 0.5;  ///< between two tries

class ReconnectingSource final : public Source {
 public:
  ReconnectingSource(std::unique_ptr<Source> source, std::function<std::unique_ptr<Source>()> open,
                     double within_s, Clock& clock, std::stop_token stop)
      : source_(std::move(source)),
        open_(std::move(open)),
        within_s_(within_s),
        clock_(clock),
        stop_(std::move(stop)),
        info_(source_->info()) {}

  const SourceInfo& info() const override { return info_; }
  bool is_paced() const override { return source_ == nullptr || source_->is_paced(); }

  Chunk read(signal::SignalView<double> into) override {
    std::string why = "it ended";
    try {
      Chunk chunk = source_->read(into);
      if (chunk.samples > 0 || stop_.stop_requested()) return remember(chunk);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kIo && error.code() != ErrorCode::kDataCorrupt) throw;
      why = error.what();
    }
    log_warn("{}: gone ({}); trying again for {} s", info_.name, why, within_s_);
    if (!reopen()) return {};
    Chunk chunk = source_->read(into);
    if (chunk.samples == 0) return chunk;
    // Numbers and stamps of the new connection begin anew: only the clock knows what is missing.
    const double away_s =
        chunk.arrival_s - newest_s_ - static_cast<double>(chunk.samples) / info_.rate_hz;
    chunk.lost = std::max<std::int64_t>(0, std::llround(away_s * info_.rate_hz));
    has_own_numbers_ = false;
    chunk.is_reconnected = true;
    return remember(chunk);
  }

 private:
  Chunk remember(Chunk chunk) {
    if (!has_own_numbers_) {
      chunk.first_sample = -1;
      chunk.time_s = std::numeric_limits<double>::quiet_NaN();
    }
    newest_s_ = chunk.arrival_s;
    return chunk;
  }

  bool reopen() {
    source_.reset();
    const double deadline_s = clock_.now_s() + within_s_;
    while (source_ == nullptr) {
      try {
        source_ = open_();
      } catch (const Error& error) {
        if (stop_.stop_requested()) return false;
        if (clock_.now_s() >= deadline_s) throw;
        if (!clock_.wait_until(clock_.now_s() + kPause_s)) return false;
      }
    }
    const auto same = [](const contract::SourceChannel& a, const contract::SourceChannel& b) {
      return a.name == b.name && a.unit == b.unit;
    };
    const SourceInfo& now = source_->info();
    require(now.rate_hz == info_.rate_hz && std::ranges::equal(now.channels, info_.channels, same),
            ErrorCode::kDataCorrupt, "{}: what came back has other channels or another rate",
            info_.name);
    return true;
  }

  std::unique_ptr<Source> source_;
  std::function<std::unique_ptr<Source>()> open_;
  double within_s_;
  Clock& clock_;
  std::stop_token stop_;
  SourceInfo info_;
  double newest_s_ = 0;
  bool has_own_numbers_ = true;
};

}  // namespace

std::unique_ptr<Source> reconnecting(std::unique_ptr<Source> source,
                                     std::function<std::unique_ptr<Source>()> open, double within_s,
                                     Clock& clock, std::stop_token stop) {
  return std::make_unique<ReconnectingSource>(std::move(source), std::move(open), within_s, clock,
                                              std::move(stop));
}

}  // namespace nest::stream
