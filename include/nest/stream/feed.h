#pragma once

#include <cstdint>
#include <stop_token>

#include "nest/core/options_fwd.h"
#include "nest/stream/pipeline.h"
#include "nest/stream/source.h"

namespace nest::stream {

struct FeedOptions {
  double duration_s = 0;              ///< of signal; 0: until the source ends
  contract::MatchOptions match = {};  ///< how the source may depart from the contract
};
void visit_fields(FieldVisitor& visitor, FeedOptions& options);

/// What was fed, and how long that took.
struct FeedResult {
  std::int64_t samples = 0;
  std::int64_t repeated = 0;  ///< came a second time and were left out
  double drift_ppm = 0;       ///< of the source's rate by its stamps, above the stated one
  double signal_s = 0;
  double wall_s = 0;
};

/// Connects the pipeline to a source, pushes what it delivers until it ends or a stop is requested,
/// and finishes the hypothesis, also before an error of the source is passed on. Electrodes found
/// under another name and an implausible amplitude are logged, once.
///
/// Errors: those of StreamingInference::connect(), Source::read() and StreamingInference::push().
FeedResult feed(Source& source, StreamingInference& pipeline, Clock& clock,
                const StreamingInference::Sink& sink, const FeedOptions& options = {},
                const std::stop_token& stop = {});

}  // namespace nest::stream
