#pragma once

#include <cstdint>
#include <stop_token>

#include "nest/stream/pipeline.h"
#include "nest/stream/source.h"

namespace nest::stream {

struct FeedOptions {
  double duration_s = 0;  ///< of signal; 0: until the source ends
};
/// Errors: InvalidArgument naming the flag, its value and the limit.
void validate(const FeedOptions& options);

/// What was fed, and how long that took.
struct FeedResult {
  std::int64_t samples = 0;
  double signal_s = 0;
  double wall_s = 0;
};

/// Reads a source until it ends or a stop is requested, pushes the channels of the pipeline's
/// contract in its order and unit, and finishes the hypothesis.
///
/// Errors: those of match_channels(), Source::read() and StreamingInference::push().
FeedResult feed(Source& source, StreamingInference& pipeline, Clock& clock,
                const StreamingInference::Sink& sink, const FeedOptions& options = {},
                const std::stop_token& stop = {});

}  // namespace nest::stream
