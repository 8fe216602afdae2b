#pragma once

#include "nest/core/options_fwd.h"
#include "nest/graph/model.h"
#include "nest/train/batch.h"

namespace nest::train {

/// Training as a windowed stream hears: windows of window_s, one every hop_s, each normalised and
/// encoded by itself; of each the frames that are new and have lookahead_s behind them.
struct WindowOptions {
  double window_s = 0;       ///< 0: whole utterances at once
  double hop_s = 1;          ///< longer than the stream's is cheaper, and nearly the same frames
  double lookahead_s = 0.5;  ///< as the stream's
};
void visit_fields(FieldVisitor& visitor, WindowOptions& options);

/// The same items with their signals cut into windows (Batch::window_frames).
///
/// The last window ends with the signal; it gives all frames that are left. A signal shorter than a
/// window is one by itself.
/// Errors: InvalidArgument for a window shorter than hop and look-ahead, or a model without a rate.
Batch in_windows(const Batch& whole, const graph::Model& model, const WindowOptions& options);

}  // namespace nest::train
