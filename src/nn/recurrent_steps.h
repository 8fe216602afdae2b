#pragma once

#include "op_context.h"

namespace nest::nn {

/// LSTM and GRU frame by frame, with the products of the pass's hook; the same as evaluate().
Tensors evaluate_steps(const graph::Lstm& op, const OpContext& node);
Tensors evaluate_steps(const graph::Gru& op, const OpContext& node);

}  // namespace nest::nn
