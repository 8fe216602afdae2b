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

/// Samples of a hop that is a whole number of `unit` samples: --hop if it is given, else the
/// multiple nearest to the contract's hop, else to half a second.
/// Errors: InvalidArgument if --hop is no such multiple (says which ones are near), or if the model
/// states no sampling rate.
std::int64_t hop_samples(const graph::SignalContract& contract, const StreamConfig& config,
                         std::int64_t unit);

/// Errors: InvalidArgument as StreamingInference.
Geometry make_geometry(const graph::Model& model, const StreamConfig& config);

}  // namespace nest::stream
