#include "buffered_source.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <exception>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

namespace nest::stream {
namespace {

constexpr double kSlot_s = 0.05;  ///< signal a slot holds; a longer delivery takes several

/// One thread writes, one reads.
class BufferedSource final : public Source {
 public:
  BufferedSource(std::unique_ptr<Source> source, double buffer_s, std::stop_source inner_stop,
                 const std::stop_token& stop)
      : source_(std::move(source)),
        info_(source_->info()),
        slot_samples_(std::max<std::int64_t>(
            1, static_cast<std::int64_t>(std::llround(kSlot_s * info_.rate_hz)))),
        slots_(static_cast<std::size_t>(std::max(2.0, std::ceil(buffer_s / kSlot_s)))),
        stop_(std::move(inner_stop)),
        pass_on_(stop, [this] { stop_.request_stop(); }) {
    for (Slot& slot : slots_)
      slot.samples.resize(static_cast<std::size_t>(info_.num_channels() * slot_samples_));
    thread_ = std::thread([this] { fill(); });
  }
  ~BufferedSource() override {
    stop_.request_stop();
    thread_.join();
  }

  const SourceInfo& info() const override { return info_; }
  bool is_paced() const override { return source_->is_paced(); }
  bool has_arrival_times() const override { return source_->has_arrival_times(); }

  Chunk read(signal::SignalView<double> into) override {
    const std::size_t at = taken_.load(std::memory_order_relaxed);
    while (given_.load(std::memory_order_acquire) == at) {
      if (has_ended_.load(std::memory_order_acquire) &&
          given_.load(std::memory_order_acquire) == at) {
        if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
        Chunk end;  // the thread is done, so what it counted may be read
        end.dropped = std::exchange(dropped_, 0);
        return end;
      }
      news_.wait(seen_news_, std::memory_order_acquire);
      seen_news_ = news_.load(std::memory_order_acquire);
    }
    Slot& slot = slots_[at % slots_.size()];
    Chunk chunk = part_of(slot, std::min(into.samples, slot.chunk.samples - slot.read));
    for (std::int64_t c = 0; c < info_.num_channels(); ++c)
      std::copy_n(slot.samples.data() + c * slot_samples_ + slot.read, chunk.samples, into.row(c));
    slot.read += chunk.samples;
    if (slot.read == slot.chunk.samples) taken_.store(at + 1, std::memory_order_release);
    return chunk;
  }

 private:
  struct Slot {
    Chunk chunk;
    std::vector<double> samples;  ///< [channels, slot_samples_]
    std::int64_t read = 0;
  };

  Chunk part_of(const Slot& slot, std::int64_t count) const {
    Chunk chunk = slot.chunk;
    chunk.samples = count;
    if (slot.read == 0) return chunk;
    chunk.lost = chunk.repeated = chunk.dropped = 0;
    chunk.is_reconnected = false;
    chunk.time_s += static_cast<double>(slot.read) / info_.rate_hz;
    if (chunk.first_sample >= 0) chunk.first_sample += slot.read;
    return chunk;
  }

  // The source's thread.
  void fill() {
    try {
      std::vector<double> room(static_cast<std::size_t>(info_.num_channels() * slot_samples_));
      const signal::SignalView<double> into(room.data(), info_.num_channels(), slot_samples_);
      while (!stop_.stop_requested()) {
        const Chunk chunk = source_->read(into);
        if (chunk.samples == 0) break;
        give(chunk, into);
      }
    } catch (...) {  // read() throws it where the reader is, after what arrived before it
      failure_ = std::current_exception();
    }
    has_ended_.store(true, std::memory_order_release);
    tell();
  }

  void give(Chunk chunk, signal::SignalView<double> samples) {
    const std::size_t at = given_.load(std::memory_order_relaxed);
    if (at - taken_.load(std::memory_order_acquire) == slots_.size()) {
      dropped_ += chunk.samples;
      dropped_lost_ += chunk.samples + chunk.lost;
      return;
    }
    Slot& slot = slots_[at % slots_.size()];
    chunk.dropped = std::exchange(dropped_, 0);
    // Numbered samples tell themselves that some are missing.
    chunk.lost += std::exchange(dropped_lost_, 0);
    slot.chunk = chunk;
    slot.read = 0;
    for (std::int64_t c = 0; c < info_.num_channels(); ++c)
      std::copy_n(samples.row(c), chunk.samples, slot.samples.data() + c * slot_samples_);
    given_.store(at + 1, std::memory_order_release);
    tell();
  }

  void tell() {
    news_.fetch_add(1, std::memory_order_release);
    news_.notify_one();
  }

  std::unique_ptr<Source> source_;
  SourceInfo info_;
  std::int64_t slot_samples_;
  std::vector<Slot> slots_;
  std::stop_source stop_;
  std::stop_callback<std::function<void()>> pass_on_;
  std::atomic<std::size_t> given_{0}, taken_{0};  ///< slots since the beginning
  std::atomic<std::uint32_t> news_{0};
  std::uint32_t seen_news_ = 0;
  std::atomic<bool> has_ended_{false};
  std::exception_ptr failure_;
  std::int64_t dropped_ = 0, dropped_lost_ = 0;  ///< since the last slot that was given
  std::thread thread_;
};

}  // namespace

std::unique_ptr<Source> buffered(std::unique_ptr<Source> source, double buffer_s,
                                 std::stop_source inner_stop, const std::stop_token& stop) {
  return std::make_unique<BufferedSource>(std::move(source), buffer_s, std::move(inner_stop), stop);
}

}  // namespace nest::stream
