#pragma once

#include "nest/graph/model.h"

namespace nest::eval {

/// The same model for files: batch norms go into the convolutions before them, and biases and the
/// like become numbers of 16 bits where those are as good as theirs (a thousandth of each).
graph::Model with_small_weights(graph::Model model);

}  // namespace nest::eval
