#include "arrival_order.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace nest::stream {
namespace {

constexpr std::size_t kHoles = 256;  ///< remembered: to tell late samples from repeated ones

}  // namespace

ArrivalOrder::ArrivalOrder(std::int64_t channels, double rate_hz, double reorder_s)
    : channels_(channels),
      rate_hz_(rate_hz),
      most_waiting_(static_cast<std::int64_t>(std::llround(reorder_s * rate_hz))) {}

FaultKind ArrivalOrder::kind_of_old(std::int64_t begin, std::int64_t end) const {
  const bool was_lost = std::ranges::any_of(
      holes_, [&](const Hole& hole) { return hole.begin < end && begin < hole.end; });
  return was_lost ? FaultKind::kLate : FaultKind::kDuplicate;
}

void ArrivalOrder::pass(Chunk chunk, signal::SignalView<const double> samples,
                        const Deliver& deliver, const Tell& tell) {
  const std::int64_t begin = chunk.first_sample, end = begin + chunk.samples;
  const std::int64_t old = std::clamp<std::int64_t>(expected_ - begin, 0, chunk.samples);
  if (old > 0) {
    const FaultKind kind = kind_of_old(begin, begin + old);
    tell({kind, seconds(begin), old, "left out"});
    chunk.repeated += kind == FaultKind::kDuplicate ? old : 0;
  }
  chunk.lost = std::max<std::int64_t>(0, begin - expected_);
  if (chunk.lost > 0) {
    holes_.push_back({expected_, begin});
    if (holes_.size() > kHoles) holes_.pop_front();
  }
  chunk.first_sample += old;
  chunk.samples -= old;
  if (chunk.samples == 0) return;
  expected_ = end;
  deliver(chunk, samples.slice(old, chunk.samples));
}

void ArrivalOrder::keep(const Chunk& chunk, signal::SignalView<const double> samples,
                        const Tell& tell) {
  const auto at = std::ranges::lower_bound(waiting_, chunk.first_sample, {},
                                           [](const Waiting& w) { return w.chunk.first_sample; });
  if (at != waiting_.end() && at->chunk.first_sample == chunk.first_sample &&
      at->chunk.samples >= chunk.samples) {
    tell({FaultKind::kDuplicate, seconds(chunk.first_sample), chunk.samples, "left out"});
    return;
  }
  Waiting waiting{chunk, {}};
  for (std::int64_t c = 0; c < channels_; ++c)
    waiting.samples.insert(waiting.samples.end(), samples.row(c), samples.row(c) + chunk.samples);
  waiting_samples_ += chunk.samples;
  waiting_.insert(at, std::move(waiting));
}

void ArrivalOrder::drain(const Deliver& deliver, const Tell& tell) {
  while (!waiting_.empty() && waiting_.front().chunk.first_sample <= expected_) {
    const Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_samples_ -= next.chunk.samples;
    pass(next.chunk, {next.samples.data(), channels_, next.chunk.samples}, deliver, tell);
  }
}

void ArrivalOrder::give_up(const Deliver& deliver, const Tell& tell) {
  const Waiting next = std::move(waiting_.front());
  waiting_.pop_front();
  waiting_samples_ -= next.chunk.samples;
  pass(next.chunk, {next.samples.data(), channels_, next.chunk.samples}, deliver, tell);
  drain(deliver, tell);
}

void ArrivalOrder::take(const Chunk& chunk, signal::SignalView<const double> samples,
                        const Deliver& deliver, const Tell& tell) {
  if (chunk.first_sample < 0) {
    deliver(chunk, samples);
    return;
  }
  if (expected_ < 0) first_ = expected_ = chunk.first_sample;
  if (chunk.first_sample > expected_) {
    keep(chunk, samples, tell);
    while (waiting_samples_ > most_waiting_) give_up(deliver, tell);
    return;
  }
  const bool fills = !waiting_.empty() && chunk.first_sample + chunk.samples > expected_;
  if (fills) tell({FaultKind::kReordered, seconds(chunk.first_sample), chunk.samples, "in order"});
  pass(chunk, samples, deliver, tell);
  drain(deliver, tell);
}

void ArrivalOrder::finish(const Deliver& deliver, const Tell& tell) {
  while (!waiting_.empty()) give_up(deliver, tell);
}

}  // namespace nest::stream
