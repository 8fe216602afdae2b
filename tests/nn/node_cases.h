#pragma once

#include "one_node.h"
#include "tests/support/node_cases.h"

namespace nest::nn {

using test::case_name;
using test::node_cases;
using test::NodeCase;

/// Inputs of a case with the given batch and frames, normal numbers.
inline NamedTensors inputs_of(const NodeCase& item, std::int64_t batch_size, std::int64_t length,
                              torch::ScalarType type) {
  NamedTensors inputs;
  std::uint64_t seed = 7;
  for (const TestInput& input : item.inputs) {
    std::vector<std::int64_t> shape;
    for (const graph::Dim& dim : input.shape) {
      shape.push_back(dim.eval({{"B", batch_size}, {"T", length}}));
    }
    inputs.emplace(input.name, normal(shape, seed++, type));
  }
  return inputs;
}

}  // namespace nest::nn
