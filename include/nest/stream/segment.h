#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nest/decode/hypothesis.h"
#include "nest/stream/token_latency.h"

namespace nest::stream {

/// The text between two endpoints of a stream; never taken back.
struct Segment {
  std::int64_t number = 0;  ///< from 0
  double start_s = 0;       ///< of its first token, seconds since the stream's first sample
  double end_s = 0;         ///< of its last one
  std::string text;
  double confidence = 1;              ///< geometric mean of its tokens' confidences, in [0, 1]
  decode::Hypothesis hypothesis;      ///< times in seconds since the stream's first sample
  std::vector<double> committed_s;    ///< a token: end of the signal heard when it was final
  std::vector<TokenLatency> latency;  ///< a token
};

}  // namespace nest::stream
