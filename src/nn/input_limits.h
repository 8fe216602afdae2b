#pragma once

#include "nest/graph/graph.h"
#include "nest/nn/parameters.h"

namespace nest::nn {

// Two kinds of node take values that must lie in a range: tokens of an embedding, the frame that a
// positional table starts with. To look at a value is to wait for the device it is on. So inputs
// are looked at before a pass, where most are on the host still, and nodes look only at what was
// made within the pass.

/// Errors: InvalidArgument for a token outside the vocabulary.
void check_tokens(const graph::Embedding& op, const torch::Tensor& tokens);
/// Errors: InvalidArgument if the frames exceed the table.
void check_frames(const graph::PositionalEncoding& op, const torch::Tensor& offset,
                  std::int64_t frames);

/// Whether check_inputs() saw the value.
bool is_input(const graph::Graph& graph, graph::ValueId id);
/// The checks above for every input that such a node takes. Errors: theirs, with the node's name.
void check_inputs(const graph::Graph& graph, const graph::Bindings& bindings,
                  const NamedTensors& inputs);

}  // namespace nest::nn
