#pragma once

#include <string>

#include "nest/core/json_fwd.h"
#include "nest/stream/feed.h"
#include "nest/stream/pipeline.h"

namespace nest::stream {

/// One line an event, told apart by "event"; docs/stream.md has the schema. Allocates.
///
/// "partial": a hop; "segment": one that ended, with its tokens; "fault"; "quality": of a channel.
/// `committed` is what the event adds to the committed text (CommittedText::take()).
Json event_json(const StreamingInference& pipeline, const StreamEvent& event,
                const std::string& committed);

/// A stream that has ended: {"text", "signal_s", "wall_s", "real_time_factor", "latency",
/// "mean_parts_ms", "gaps", "repeated_samples", "non_finite_samples", "bad_channels": [{"name",
/// "non_finite", "flat_s", "clipped"}], "pipeline"}. `text` is what was committed.
Json summary_json(const StreamingInference& pipeline, const FeedResult& fed,
                  const std::string& text);

/// Hops, latency quantiles, deadline misses, gaps and bad channels in one line.
std::string summary_text(const StreamingInference& pipeline, const FeedResult& fed);

}  // namespace nest::stream
