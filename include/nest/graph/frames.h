#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "nest/graph/model.h"

/// How long: frames of a signal, samples of a frame. The only place that answers it.
namespace nest::graph {

/// How the positions of a value over time follow the samples of the graph's input over time.
///
/// Position k reads samples [k * samples + begin, k * samples + end); those outside the signal
/// count as zeros. Attention in chunks reads no more than that, less at most places.
struct FrameSpan {
  std::int64_t samples = 0;  ///< from one position to the next; 0: the value has no time axis
  std::int64_t begin = 0;
  std::int64_t end = 1;
  bool sees_all_before = false;  ///< everything before too: recurrence, attention without a limit
  bool sees_all_after = false;   ///< the same for everything behind

  friend bool operator==(const FrameSpan&, const FrameSpan&) = default;
};

/// Of every value of a graph. Errors: Unsupported naming the node that mixes two rates.
std::vector<FrameSpan> frame_spans(const Graph& graph);
/// Of a graph output. Errors: NotFound; Unsupported if it has no time axis.
FrameSpan frame_span(const Graph& graph, std::string_view output);
/// Positions of a graph output for an input of `samples`; 0 if these are too few for any.
/// Errors: as frame_span().
std::int64_t num_frames(const Graph& graph, std::string_view output, std::int64_t samples);

/// Of the encoder's frames. Errors: NotFound if the model has no encoder.
FrameSpan frame_span(const Model& model);
/// Encoder frames of a signal of `samples`; 0 if it is too short.
std::int64_t num_frames(const Model& model, std::int64_t samples);
/// Samples from one encoder frame to the next: a signal longer by so many has one frame more.
std::int64_t samples_per_frame(const Model& model);
/// The shortest signal with so many frames; `frames` >= 1.
std::int64_t min_samples(const Model& model, std::int64_t frames = 1);

}  // namespace nest::graph
