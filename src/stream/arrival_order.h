#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "nest/signal/view.h"
#include "nest/stream/faults.h"
#include "nest/stream/source.h"

namespace nest::stream {

/// Puts numbered deliveries in order, and tells what was wrong with them.
///
/// A delivery behind a hole waits until the hole is filled or `reorder_s` of signal wait with it;
/// then the hole is lost, and what would have filled it is left out as late. Deliveries without
/// numbers pass as they are.
/// State: thread-compatible; memory bounded by reorder_s and one delivery.
class ArrivalOrder {
 public:
  using Deliver = std::function<void(const Chunk&, signal::SignalView<const double>)>;
  using Tell = std::function<void(const Fault&)>;

  ArrivalOrder(std::int64_t channels, double rate_hz, double reorder_s);

  void take(const Chunk& chunk, signal::SignalView<const double> samples, const Deliver& deliver,
            const Tell& tell);
  /// Gives out what still waits.
  void finish(const Deliver& deliver, const Tell& tell);

 private:
  struct Waiting {
    Chunk chunk;
    std::vector<double> samples;  ///< [channels, chunk.samples]
  };
  struct Hole {
    std::int64_t begin = 0, end = 0;
  };

  double seconds(std::int64_t sample) const {
    return static_cast<double>(sample - first_) / rate_hz_;
  }
  /// What is new of a delivery goes on; the hole before it, if any, is lost.
  void pass(Chunk chunk, signal::SignalView<const double> samples, const Deliver& deliver,
            const Tell& tell);
  void drain(const Deliver& deliver, const Tell& tell);
  void give_up(const Deliver& deliver, const Tell& tell);
  void keep(const Chunk& chunk, signal::SignalView<const double> samples, const Tell& tell);
  FaultKind kind_of_old(std::int64_t begin, std::int64_t end) const;

  std::int64_t channels_;
  double rate_hz_;
  std::int64_t most_waiting_;
  std::int64_t first_ = -1;     ///< number of the first sample
  std::int64_t expected_ = -1;  ///< of the next one
  std::int64_t waiting_samples_ = 0;
  std::deque<Waiting> waiting_;  ///< by number
  std::deque<Hole> holes_;       ///< given up, the newest ones
};

}  // namespace nest::stream
