#include "nest/graph/sample_inputs.h"

#include <algorithm>

#include "nest/core/rng.h"

namespace nest::graph {
namespace {

constexpr std::int64_t kToken = 2;

Tensor filled(const Value& value, const Shape& shape, bool is_state, Rng& rng) {
  Tensor tensor(value.dtype, shape);
  if (value.dtype == DType::kI64) {
    std::ranges::fill(tensor.mutable_data<std::int64_t>(), is_state ? 0 : kToken);
  } else if (value.dtype == DType::kF32 && !is_state) {
    for (float& x : tensor.mutable_data<float>()) x = static_cast<float>(rng.normal());
  }
  return tensor;
}

}  // namespace

TensorMap sample_inputs(const Graph& graph, const Bindings& lengths, std::uint64_t seed) {
  std::set<std::string> states;
  for (const Port& port : graph.outputs)
    if (!port.feeds.empty()) states.insert(port.feeds);
  Rng rng(seed);
  TensorMap inputs;
  for (const Port& port : graph.inputs) {
    const bool is_state = states.contains(port.name);
    if (port.is_optional && !is_state) continue;
    const Value& value = graph.value(port.value);
    Shape shape;
    for (const Dim& dim : value.shape) shape.push_back(dim.eval(lengths));
    inputs.emplace(port.name, filled(value, shape, is_state, rng));
  }
  return inputs;
}

}  // namespace nest::graph
