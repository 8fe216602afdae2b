#pragma once

#include <string>
#include <vector>

#include "nest/core/rng.h"
#include "nest/graph/graph.h"
#include "nest/graph/model.h"

/// Models of a single node.
namespace nest::test {

/// One graph input of a test model.
struct TestInput {
  std::string name;
  graph::DimShape shape;
  int time_axis = -1;
  DType dtype = DType::kF32;
};

inline graph::Dim batch() {
  return graph::Dim::symbol("B");
}
inline graph::Dim frames() {
  return graph::Dim::symbol("T");
}

/// Fills every weight of a model: running_var positive, counters zero, the rest normal.
inline void randomize(graph::Model& model, const graph::Graph& graph, std::uint64_t seed) {
  for (const graph::WeightInfo& info : graph::weight_infos(graph)) {
    Rng rng(seed, info.name);
    Tensor tensor(info.dtype, info.shape);
    if (info.dtype == DType::kF32) {
      const bool is_variance = info.name.find("running_var") != std::string::npos;
      for (float& v : tensor.mutable_data<float>()) {
        v = static_cast<float>(is_variance ? rng.uniform(0.5, 2.0) : 0.4 * rng.normal());
      }
    }
    model.weights.insert_or_assign(info.name, std::move(tensor));
  }
}

/// Names for the weights of a node; batch norm's buffers get the names that mark them as such.
inline std::vector<graph::WeightRef> weight_refs(const graph::Op& op, const std::string& prefix) {
  static const std::vector<std::string> kNorm = {"weight", "bias", "running_mean", "running_var",
                                                 "num_batches_tracked"};
  std::vector<graph::WeightRef> refs;
  for (std::size_t i = 0; i < graph::weight_shapes(op).size(); ++i) {
    const bool is_norm = std::holds_alternative<graph::BatchNorm>(op);
    refs.push_back({prefix + "." + (is_norm ? kNorm.at(i) : "w" + std::to_string(i)), 0, 0});
  }
  return refs;
}

/// A model with graph "block": one node, random weights, outputs "y0", "y1", ...
inline graph::Model one_node(const graph::Op& op, const std::vector<TestInput>& inputs,
                             std::uint64_t seed = 1) {
  graph::Model model;
  model.name = "one_node";
  graph::Graph graph;
  graph.name = "block";
  std::vector<graph::ValueId> ids;
  for (const TestInput& input : inputs) {
    ids.push_back(input.name.empty()
                      ? graph::kNoValue
                      : graph.add_input(input.name, input.dtype, input.shape, input.time_axis));
  }
  const auto outputs = graph.add_node("node", op, ids, weight_refs(op, "node"));
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    graph.add_output("y" + std::to_string(i), outputs[i]);
  }
  randomize(model, graph, seed);
  model.graphs.emplace("block", std::move(graph));
  return model;
}

}  // namespace nest::test
