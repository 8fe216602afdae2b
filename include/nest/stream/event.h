#pragma once

#include <functional>
#include <span>

#include "nest/decode/hypothesis.h"
#include "nest/stream/faults.h"
#include "nest/stream/latency.h"
#include "nest/stream/segment.h"

namespace nest::stream {

/// What happened: a hop (nothing else is set), a segment that ended, or a fault.
struct StreamEvent {
  double time_s = 0;  ///< end of the heard signal, seconds since the first sample
  /// Of the segment that runs, or ended: every committed token so far; never taken back.
  std::span<const decode::TokenId> committed;
  std::span<const decode::TokenId> tentative;
  LatencyLedger latency;
  const Segment* segment = nullptr;  ///< ended; what follows begins a new one
  const Fault* fault = nullptr;

  bool is_hop() const { return segment == nullptr && fault == nullptr; }
};
using EventSink = std::function<void(const StreamEvent&)>;

}  // namespace nest::stream
