#pragma once

#include <cstdint>

#include "nest/graph/graph.h"

namespace nest::graph {

/// Inputs to run a graph on where any will do: floats from N(0, 1), tokens 2, masks false, states
/// zero; optional inputs that are no state are left out.
///
/// `lengths` has every symbol of the shapes; more do no harm. Errors: NotFound for one it lacks.
TensorMap sample_inputs(const Graph& graph, const Bindings& lengths, std::uint64_t seed = 3);

}  // namespace nest::graph
