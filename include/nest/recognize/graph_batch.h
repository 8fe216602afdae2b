#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "nest/core/tensor.h"
#include "nest/graph/model.h"

namespace nest::recognize {

/// One caller's run of a graph.
struct GraphRequest {
  TensorMap inputs;  ///< by port; any number of rows of the batch
  /// Of a stateful graph: what the last step left, by input port; takes what this one leaves. Empty
  /// before the first. Null: states, if any, are inputs and outputs like others.
  std::shared_ptr<TensorMap> state = nullptr;
};

/// Runs requests of one graph as one batch, each with its own result: what a worker of a
/// BatchProcessor<GraphRequest, TensorMap> does.
///
/// Requests are joined where only their batch differs: equal ports, other axes, types, and equal
/// inputs without a batch axis (the frame count of a streaming step); others run after each other.
/// A result is bit for bit that of the request alone where the executor's rows are independent.
/// State: one call at a time.
class GraphBatch {
 public:
  /// Errors: NotFound for the graph.
  GraphBatch(std::unique_ptr<graph::Executor> executor, std::string graph);

  /// Errors: those of graph::Executor::run(); InvalidArgument naming the port. No state has changed
  /// then.
  std::vector<TensorMap> operator()(std::span<const GraphRequest> requests);

 private:
  std::unique_ptr<graph::Executor> executor_;
  const graph::Graph* graph_;
};

/// The length class of a request: types and shapes of its inputs.
std::string shapes_of(const TensorMap& inputs);

}  // namespace nest::recognize
