#include "input_limits.h"

#include <algorithm>

#include <torch/torch.h>

#include "nest/core/error.h"

namespace nest::nn {
namespace {

/// Null for a value that is made within the graph or was left out.
const torch::Tensor* given(const graph::Graph& graph, graph::ValueId id,
                           const NamedTensors& inputs) {
  for (const graph::Port& port : graph.inputs) {
    if (port.value != id) continue;
    const auto found = inputs.find(port.name);
    return found == inputs.end() ? nullptr : &found->second;
  }
  return nullptr;
}

}  // namespace

void check_tokens(const graph::Embedding& op, const torch::Tensor& tokens) {
  if (tokens.numel() == 0) return;
  const auto low = tokens.min().item<std::int64_t>();
  const auto high = tokens.max().item<std::int64_t>();
  require(low >= 0 && high < op.vocab_size, ErrorCode::kInvalidArgument,
          "token {} is outside the vocabulary of {}", low < 0 ? low : high, op.vocab_size);
}

void check_frames(const graph::PositionalEncoding& op, const torch::Tensor& offset,
                  std::int64_t frames) {
  const std::int64_t begin = offset.defined() ? offset.item<std::int64_t>() : 0;
  require(begin >= 0 && begin + frames <= op.max_len, ErrorCode::kInvalidArgument,
          "frames {} to {} exceed the positional table of {}", begin, begin + frames, op.max_len);
}

bool is_input(const graph::Graph& graph, graph::ValueId id) {
  return std::ranges::any_of(graph.inputs,
                             [&](const graph::Port& port) { return port.value == id; });
}

void check_inputs(const graph::Graph& graph, const graph::Bindings& bindings,
                  const NamedTensors& inputs) {
  for (const graph::Node& node : graph.nodes) {
    with_context(node.name, [&] {
      if (const auto* embedding = std::get_if<graph::Embedding>(&node.op)) {
        const torch::Tensor* tokens = given(graph, node.inputs[0], inputs);
        if (tokens != nullptr) check_tokens(*embedding, *tokens);
      }
      const auto* positions = std::get_if<graph::PositionalEncoding>(&node.op);
      if (positions == nullptr || node.inputs.size() < 2 || !is_input(graph, node.inputs[1]))
        return;
      const torch::Tensor* offset = given(graph, node.inputs[1], inputs);
      check_frames(*positions, offset == nullptr ? torch::Tensor() : *offset,
                   graph.value(node.inputs[0]).shape.at(1).eval(bindings));
    });
  }
}

}  // namespace nest::nn
