#pragma once

#include <vector>

#include "nest/graph/node_clock.h"
#include "op_context.h"

namespace nest::nn {

/// One pass through a graph. Inputs and outputs stand in the order of the graph's ports; absent
/// inputs are undefined. Inputs are moved to the device; floating outputs are in full precision,
/// with zeros behind the end of each item. `times`: null if nobody wants them.
Tensors run_pass(const Pass& pass, const Tensors& inputs, std::vector<graph::NodeTime>* times);

/// The type of a value: the working type for what the graph calls float32.
torch::ScalarType working_type(const graph::Value& value, const ParameterStore& parameters);

}  // namespace nest::nn
