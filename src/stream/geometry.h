#pragma once

#include <cstdint>

#include "nest/graph/model.h"
#include "nest/stream/pipeline.h"

namespace nest::stream {

/// Window, hop and look-ahead in samples and encoder frames.
struct Geometry {
  std::int64_t window_samples = 0;
  std::int64_t hop_samples = 0;
  std::int64_t window_frames = 0;
  std::int64_t hop_frames = 0;
  std::int64_t lookahead_frames = 0;
};

/// Errors: InvalidArgument as StreamingInference.
Geometry make_geometry(const graph::Model& model, const StreamConfig& config);

}  // namespace nest::stream
