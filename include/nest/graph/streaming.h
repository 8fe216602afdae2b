#pragma once

#include <cstdint>

#include "nest/graph/model.h"

namespace nest::graph {

/// A causal graph over time as a step over its new part alone.
///
/// The step has the graph's inputs and outputs, for n new frames ("N" in its shapes), and explicit
/// state (Port::feeds): the last samples before each convolution, h and c of recurrent layers, keys
/// and values of the frames that attention looks back to, and the frame count. Fed forward from
/// zeros, its outputs joined along time are those of the whole graph.
struct StreamingStep {
  Graph graph;                         ///< named "<graph>_step"
  std::int64_t samples_per_frame = 1;  ///< T of the whole graph for one N of the step
  /// N of every call but the last must be a multiple of this (attention within chunks).
  std::int64_t frame_multiple = 1;
};

/// Makes the step of a graph with one input over time (and optional ones, which are left out).
///
/// Convolutions need all their padding before the first sample; pooling windows must not overlap;
/// recurrent layers must run forward; attention may look at frames to the left within a bound, or
/// within its chunk and a bounded number of earlier ones.
/// Errors: Unsupported naming the node, what it looks at, and the remedy.
StreamingStep make_streaming_step(const Graph& graph);

/// True if make_streaming_step(model.graph("encoder")) works.
bool is_streamable(const Model& model);

/// Adds "encoder_step" to a model with an "encoder", so that it can be prepared for streaming.
/// Returns the step's geometry. Errors: as make_streaming_step.
StreamingStep add_streaming_step(Model& model);

}  // namespace nest::graph
