#include "nest/nn/executor.h"

#include <chrono>
#include <variant>

#include <torch/torch.h>
#include <torch/version.h>

#include "device.h"
#include "nest/core/error.h"
#include "nest/graph/rewrite.h"
#include "nest/nn/tensor.h"
#include "op_context.h"
#include "traceable.h"

namespace nest::nn {
namespace {

constexpr std::string_view kLengths = "lengths";

/// The shapes of LibTorch inputs for graph::bind, which needs no values.
TensorMap shapes_of(const NamedTensors& inputs) {
  TensorMap shapes;
  for (const auto& [name, tensor] : inputs) {
    if (name == kLengths) continue;
    // Any floating type is accepted where the graph says float32.
    const DType dtype = tensor.is_floating_point() ? DType::kF32 : from_torch(tensor.scalar_type());
    shapes.emplace(name, Tensor::view(dtype, tensor.sizes().vec(), nullptr, nullptr));
  }
  return shapes;
}

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

/// `times`: null if nobody wants them.
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

/// Floating inputs take the working type; others must have the type the graph declares.
torch::Tensor accept(const graph::Port& port, const graph::Value& value, const torch::Tensor& x,
                     const ParameterStore& parameters) {
  if (value.dtype == DType::kF32 && x.is_floating_point()) {
    return moved(x, parameters.device(), parameters.type());
  }
  require(x.scalar_type() == to_torch(value.dtype), ErrorCode::kInvalidArgument,
          "input '{}' must be {}, got {}", port.name, nest::name_of(value.dtype),
          c10::toString(x.scalar_type()));
  return moved(x, parameters.device(), x.scalar_type());
}

/// Explicit state that the caller left out starts as zeros.
void start_state(const graph::Graph& graph, const graph::Bindings& bindings,
                 const ParameterStore& parameters, Tensors& values) {
  for (const graph::Port& port : graph.outputs) {
    if (port.feeds.empty()) continue;
    const graph::ValueId id = graph.input(port.feeds).value;
    torch::Tensor& state = values[static_cast<std::size_t>(id)];
    if (state.defined()) continue;
    std::vector<std::int64_t> shape;
    for (const graph::Dim& dim : graph.value(id).shape) shape.push_back(dim.eval(bindings));
    const DType dtype = graph.value(id).dtype;
    const torch::ScalarType type = dtype == DType::kF32 ? parameters.type() : to_torch(dtype);
    state = torch::zeros(shape, torch::TensorOptions(type).device(parameters.device()));
  }
}

}  // namespace

TorchExecutor::TorchExecutor(graph::Model model, const TorchOptions& options)
    : model_(std::move(model)), precision_(options.precision) {
  const torch::Device device = resolve_device(options);
  apply_global(options, device);
  for (const auto& [name, graph] : model_.graphs) graph::validate(graph, &model_.weights);
  is_folded_ = options.fold && graph::fold_batch_norm(model_) > 0;
  parameters_ =
      ParameterStore(model_.weights, device,
                     precision_ == graph::Precision::kFp64 ? torch::kFloat64 : torch::kFloat32);
}

void TorchExecutor::set_training(bool is_training) {
  require(!is_training || !is_folded_, ErrorCode::kInvalidArgument,
          "model '{}' has its batch norms folded and cannot train; make the executor without fold",
          model_.name);
  training_ = is_training;
}

void TorchExecutor::set_product_hook(std::shared_ptr<ProductHook> hook) {
  require(!hook || precision_ == graph::Precision::kFp32, ErrorCode::kInvalidArgument,
          "products that round are of fp32, not {}", name_of(precision_));
  product_hook_ = std::move(hook);
}

NamedTensors TorchExecutor::forward(std::string_view graph_name, const NamedTensors& inputs) {
  const graph::Graph& graph = model_.graph(graph_name);
  const graph::Bindings bindings = graph::bind(graph, shapes_of(inputs));
  Pass pass{graph,
            parameters_,
            {},
            precision_,
            training_,
            all_reduce_ ? &all_reduce_ : nullptr,
            weight_hook_ ? &weight_hook_ : nullptr,
            product_hook_.get(),
            node_hook_ ? &node_hook_ : nullptr};
  if (const auto it = inputs.find(kLengths); it != inputs.end()) {
    pass.ragged = Ragged(graph, bindings, it->second);
  }
  Tensors values(graph.values.size());
  for (const graph::Port& port : graph.inputs) {
    const auto it = inputs.find(port.name);
    if (it == inputs.end()) continue;
    values[static_cast<std::size_t>(port.value)] =
        accept(port, graph.value(port.value), it->second, parameters_);
  }
  start_state(graph, bindings, parameters_, values);
  node_times_.clear();
  values = evaluate_graph(pass, std::move(values), is_timed_ ? &node_times_ : nullptr);
  NamedTensors outputs;
  for (const graph::Port& port : graph.outputs) {
    torch::Tensor y = values[static_cast<std::size_t>(port.value)];
    if (y.is_floating_point()) y = pass.to_full(y);
    outputs.emplace(port.name, pass.ragged.zero_padding(graph.value(port.value), y));
  }
  return outputs;
}

TensorMap TorchExecutor::run(std::string_view graph, const TensorMap& inputs) {
  const torch::NoGradGuard no_grad;
  NamedTensors tensors;
  for (const auto& [name, value] : inputs) tensors.emplace(name, to_torch(value));
  const bool was_training = std::exchange(training_, false);
  NamedTensors results;
  try {
    results = forward(graph, tensors);
  } catch (...) {
    training_ = was_training;
    throw;
  }
  training_ = was_training;
  TensorMap outputs;
  for (const auto& [name, tensor] : results) outputs.emplace(name, from_torch(tensor));
  return outputs;
}

std::int64_t TorchExecutor::weight_bytes() const {
  std::int64_t bytes = 0;
  for (const auto& [name, tensor] : parameters_.all()) {
    bytes += tensor.numel() * static_cast<std::int64_t>(tensor.element_size());
  }
  return bytes;
}

std::string TorchExecutor::describe() const {
  const torch::Device where = device();
  std::string text = fmt::format("torch {} {} {}", TORCH_VERSION, where.str(), name_of(precision_));
  const bool is_half =
      precision_ == graph::Precision::kFp16 || precision_ == graph::Precision::kBf16;
  if (is_half && where.is_cpu()) text += " (rounded values, fp32 sums)";
  if (model_.quantization != graph::Quantization{}) {
    text +=
        fmt::format(" (the model's quantization, {}, is {})", graph::describe(model_.quantization),
                    product_hook_ ? "imitated" : "not applied");
  }
  if (where.is_cpu()) text += fmt::format(" {} threads", torch::get_num_threads());
  if (is_folded_) text += ", batch norms folded";
  return text;
}

std::unique_ptr<graph::Executor> make_torch_executor(graph::Model model,
                                                     const TorchOptions& options) {
  return std::make_unique<TorchExecutor>(std::move(model), options);
}

graph::Model TorchExecutor::snapshot() const {
  graph::Model model = model_;
  model.weights = parameters_.to_tensors();
  return model;
}

}  // namespace nest::nn
