#pragma once

#include "nest/data/training_options.h"
#include "nest/graph/model.h"
#include "nest/train/batch.h"

namespace nest::train {

/// The same items with their signals cut into windows (Batch::window_frames).
///
/// The last window ends with the signal; it gives all frames that are left. A signal shorter than a
/// window is one by itself.
/// Errors: InvalidArgument for a window shorter than hop and look-ahead, or a model without a rate.
Batch in_windows(const Batch& whole, const graph::Model& model,
                 const data::TrainWindowOptions& options);

}  // namespace nest::train
