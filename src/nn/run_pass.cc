#include "run_pass.h"

#include <chrono>
#include <variant>

#include <torch/torch.h>

#include "nest/core/error.h"
#include "nest/nn/tensor.h"
#include "traceable.h"

namespace nest::nn {
namespace {

/// How many nodes and outputs still need each value, so that memory goes as early as it can.
std::vector<int> count_uses(const graph::Graph& graph) {
  std::vector<int> uses(graph.values.size(), 0);
  const auto use = [&](graph::ValueId id) {
    if (id != graph::kNoValue) ++uses[static_cast<std::size_t>(id)];
  };
  for (const graph::Node& node : graph.nodes) {
    for (const graph::ValueId id : node.inputs) use(id);
  }
  for (const graph::Port& port : graph.outputs) use(port.value);
  return uses;
}

Tensors evaluate_node(const OpContext& context) {
  try {
    return with_context(context.node.name, [&] {
      return std::visit([&](const auto& op) { return evaluate(op, context); }, context.node.op);
    });
  } catch (const c10::Error& error) {
    fail(ErrorCode::kInternal, "{}: LibTorch: {}", context.node.name,
         error.what_without_backtrace());
  }
}

/// The time of each node; what a device still has to do is waited for.
class Stopwatch {
 public:
  Stopwatch(std::vector<graph::NodeTime>* times, torch::Device device)
      : times_(times), device_(device) {
    if (times_ != nullptr) begin_ = now();
  }
  void lap(const std::string& node) {
    if (times_ == nullptr) return;
    const Clock::time_point end = now();
    times_->push_back({node, std::chrono::duration<double>(end - begin_).count()});
    begin_ = end;
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point now() const {
    if (device_.is_cuda()) torch::cuda::synchronize(device_.index());
    return Clock::now();
  }

  std::vector<graph::NodeTime>* times_;
  torch::Device device_;
  Clock::time_point begin_;
};

Tensors evaluate_graph(const Pass& pass, Tensors values, std::vector<graph::NodeTime>* times) {
  std::vector<int> uses = count_uses(pass.graph);
  Stopwatch stopwatch(times, pass.parameters.device());
  for (const graph::Node& node : pass.graph.nodes) {
    OpContext context{pass, node, {}};
    for (const graph::ValueId id : node.inputs) {
      context.inputs.push_back(id == graph::kNoValue ? torch::Tensor()
                                                     : values[static_cast<std::size_t>(id)]);
    }
    Tensors results = evaluate_node(context);
    for (std::size_t i = 0; i < results.size(); ++i) {
      values[static_cast<std::size_t>(node.outputs[i])] = std::move(results[i]);
    }
    for (const graph::ValueId id : node.inputs) {
      if (id != graph::kNoValue && --uses[static_cast<std::size_t>(id)] == 0) {
        values[static_cast<std::size_t>(id)].reset();
      }
    }
    stopwatch.lap(node.name);
    if (pass.node_hook != nullptr) (*pass.node_hook)(pass.graph.name, node);
  }
  return values;
}

}  // namespace

torch::ScalarType working_type(const graph::Value& value, const ParameterStore& parameters) {
  return value.dtype == DType::kF32 ? parameters.type() : to_torch(value.dtype);
}

Tensors run_pass(const Pass& pass, const Tensors& inputs, std::vector<graph::NodeTime>* times) {
  const graph::Graph& graph = pass.graph;
  Tensors values(graph.values.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].defined()) continue;
    const graph::ValueId id = graph.inputs[i].value;
    values[static_cast<std::size_t>(id)] =
        moved(inputs[i], pass.parameters.device(), working_type(graph.value(id), pass.parameters));
  }
  values = evaluate_graph(pass, std::move(values), times);
  Tensors outputs;
  for (const graph::Port& port : graph.outputs) {
    torch::Tensor y = values[static_cast<std::size_t>(port.value)];
    if (y.is_floating_point()) y = pass.to_full(y);
    outputs.push_back(pass.ragged.zero_padding(graph.value(port.value), y));
  }
  return outputs;
}

}  // namespace nest::nn
