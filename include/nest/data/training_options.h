#pragma once

#include <cstdint>

#include "nest/core/options_fwd.h"

// How utterances become what a model trains on (data/surroundings.h, train/augment.h and
// train/windows.h do it). Free of LibTorch, so that every verb that trains can offer them.
namespace nest::data {

/// Random changes of a training signal; 0 turns each off.
struct AugmentOptions {
  double noise = 0;                ///< standard deviation, in parts of each channel's own
  std::int64_t shift_samples = 0;  ///< largest shift in either direction
  double channel_dropout = 0;      ///< probability that a channel is zero
  double amplitude = 0;            ///< factor exp(uniform(-a, a)) on the whole signal
  double time_mask = 0;            ///< largest part of the time that is zeroed
  double frequency_mask = 0;       ///< largest part of the band up to Nyquist that is removed
  double join = 0;                 ///< probability that trials of one subject are joined
  std::int64_t join_most = 5;      ///< most trials in one utterance
  std::int64_t join_ramp = 0;      ///< epochs until join_most is reached, from single trials on
};
void visit_fields(FieldVisitor& visitor, AugmentOptions& options);

/// How much of the background that a recording holds is taken along with its utterances.
struct SurroundOptions {
  double before_s = 0;  ///< at most so much before an utterance
  double after_s = 0;   ///< and behind it
  double background_s =
      0;  ///< length of pieces without text, cut from where nothing is said; 0: none

  bool is_wanted() const { return before_s > 0 || after_s > 0 || background_s > 0; }
};
void visit_fields(FieldVisitor& visitor, SurroundOptions& options);

/// Training as a windowed stream hears: windows of window_s, one every hop_s, each normalised and
/// encoded by itself; of each the frames that are new and have lookahead_s behind them.
struct TrainWindowOptions {
  double window_s = 0;       ///< 0: whole utterances at once
  double hop_s = 1;          ///< longer than the stream's is cheaper, and nearly the same frames
  double lookahead_s = 0.5;  ///< as the stream's

  bool is_wanted() const { return window_s > 0; }
};
void visit_fields(FieldVisitor& visitor, TrainWindowOptions& options);

}  // namespace nest::data
