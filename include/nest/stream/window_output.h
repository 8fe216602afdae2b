#pragma once

#include <cstdint>
#include <vector>

#include "nest/decode/hypothesis.h"

namespace nest::stream {

/// What one window brought, for those who ask (StreamingInference::process_window()).
struct WindowOutput {
  double time_s = 0;                       ///< end of the heard signal
  std::vector<decode::TokenId> committed;  ///< new ones
  std::vector<decode::TokenId> tentative;
  bool ends_segment = false;
  double latency_ms = 0;
};

/// How a stream does so far, under the names of the specification.
struct StreamMetrics {
  double mean_latency_ms = 0;
  double p95_latency_ms = 0;
  double p99_latency_ms = 0;
  double max_latency_ms = 0;
  double throughput_hz = 0;  ///< windows a second that this machine could process
  std::int64_t windows = 0;
  std::int64_t deadline_misses = 0;
};

}  // namespace nest::stream
