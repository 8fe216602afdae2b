#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "nest/core/rng.h"
#include "nest/graph/factory.h"
#include "nest/graph/units.h"

/// Choices of units, and one run of everything a model computes.
namespace nest::test {

inline constexpr std::int64_t kUnitVocabulary = 11;
inline const graph::Bindings kUnitLengths{{"B", 2}, {"T", 96}, {"U", 3}};

/// Between one and all but one unit of every part.
inline graph::UnitChoice random_choice(const graph::UnitGroup& group, Rng& rng) {
  const auto left = 1 + rng.below(static_cast<std::uint64_t>(group.count - 1));
  graph::UnitChoice keep;
  for (std::size_t p = 0; p < group.parts.size(); ++p) {
    std::vector<std::int64_t> units(static_cast<std::size_t>(group.count));
    for (std::size_t i = 0; i < units.size(); ++i) units[i] = static_cast<std::int64_t>(i);
    rng.shuffle(std::span(units));
    units.resize(left);
    std::sort(units.begin(), units.end());
    keep.push_back(units);
  }
  return keep;
}

/// The same model in other sizes: every group has lost some of its units, but two at least are left
/// of most.
inline graph::Model in_random_sizes(graph::Model model, Rng& rng) {
  for (const graph::UnitGroup& first : unit_groups(model)) {
    for (const graph::UnitGroup& group : unit_groups(model)) {
      if (group.name == first.name && group.count > 2)
        remove_units(model, group, random_choice(group, rng));
    }
  }
  return model;
}

inline std::set<std::string> absent_of(const graph::Graph& graph) {
  std::set<std::string> absent;
  for (const graph::Port& port : graph.inputs) {
    if (port.is_optional) absent.insert(port.name);
  }
  for (const graph::Port& port : graph.outputs) absent.erase(port.feeds);
  return absent;
}

/// The runtime multiplies more than the model needs: outside attention windows.
inline bool executes_more(const graph::Graph& graph) {
  return std::any_of(graph.nodes.begin(), graph.nodes.end(), [](const graph::Node& node) {
    const auto* op = std::get_if<graph::Attention>(&node.op);
    return op != nullptr && (op->left >= 0 || op->right >= 0 || op->chunk > 0);
  });
}

/// Normal numbers or tokens for the inputs that must be there.
inline TensorMap unit_inputs(const graph::Graph& graph) {
  TensorMap inputs;
  for (const graph::Port& port : graph.inputs) {
    if (port.is_optional) continue;
    const graph::Value& value = graph.value(port.value);
    Shape shape;
    for (const graph::Dim& dim : value.shape) shape.push_back(dim.eval(kUnitLengths));
    Tensor tensor(value.dtype, shape);
    Rng rng(7, port.name);
    if (value.dtype == DType::kI64) {
      for (auto& x : tensor.mutable_data<std::int64_t>())
        x = static_cast<std::int64_t>(rng.below(kUnitVocabulary));
    } else {
      for (float& x : tensor.mutable_data<float>()) x = static_cast<float>(rng.normal());
    }
    inputs.emplace(port.name, std::move(tensor));
  }
  return inputs;
}

/// Every output of a forward pass over the whole model; of a block, of all its graphs.
inline TensorMap run_all(graph::Executor& executor) {
  const graph::Model& model = executor.model();
  if (model.family == graph::Family::kBlock || model.family == graph::Family::kLanguage) {
    TensorMap outputs;
    for (const auto& [name, graph] : model.graphs) {
      for (auto& [port, tensor] : executor.run(name, unit_inputs(graph))) {
        outputs.insert_or_assign(name + "/" + port, tensor);
      }
    }
    return outputs;
  }
  TensorMap inputs = unit_inputs(model.graph("encoder"));
  if (model.family != graph::Family::kCtc) {
    inputs["target_labels"] = Tensor::from<std::int64_t>({2, 3}, {1, 4, 7, 2, 9, 10});
  }
  return graph::run_forward(executor, inputs);
}

}  // namespace nest::test
