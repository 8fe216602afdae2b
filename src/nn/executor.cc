#include "nest/nn/executor.h"

#include <torch/torch.h>
#include <torch/version.h>

#include "cuda_graphs.h"
#include "device.h"
#include "input_limits.h"
#include "nest/core/error.h"
#include "nest/graph/rewrite.h"
#include "nest/nn/tensor.h"
#include "op_context.h"
#include "run_pass.h"
#include "traceable.h"

namespace nest::nn {
namespace {

constexpr std::string_view kLengths = "lengths";
/// A graph of few nodes takes longer to launch than to compute, as a step does.
constexpr std::size_t kFewNodes = 8;

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

/// Floating inputs take the working type; others must have the type the graph declares.
void check_type(const graph::Port& port, const graph::Value& value, const torch::Tensor& x) {
  if (value.dtype == DType::kF32 && x.is_floating_point()) return;
  require(x.scalar_type() == to_torch(value.dtype), ErrorCode::kInvalidArgument,
          "input '{}' must be {}, got {}", port.name, nest::name_of(value.dtype),
          c10::toString(x.scalar_type()));
}

/// Whether an input is explicit state.
bool is_state(const graph::Graph& graph, const graph::Port& input) {
  return std::ranges::any_of(graph.outputs,
                             [&](const graph::Port& port) { return port.feeds == input.name; });
}

torch::Tensor zeros_of(const graph::Value& value, const graph::Bindings& bindings,
                       const ParameterStore& parameters) {
  std::vector<std::int64_t> shape;
  for (const graph::Dim& dim : value.shape) shape.push_back(dim.eval(bindings));
  return torch::zeros(
      shape, torch::TensorOptions(working_type(value, parameters)).device(parameters.device()));
}

/// The inputs in the order of the ports. Explicit state that the caller left out starts as zeros.
Tensors inputs_of(const graph::Graph& graph, const graph::Bindings& bindings,
                  const NamedTensors& given, const ParameterStore& parameters) {
  Tensors inputs;
  for (const graph::Port& port : graph.inputs) {
    const graph::Value& value = graph.value(port.value);
    const auto it = given.find(port.name);
    if (it != given.end()) {
      check_type(port, value, it->second);
      inputs.push_back(it->second);
    } else {
      inputs.push_back(is_state(graph, port) ? zeros_of(value, bindings, parameters)
                                             : torch::Tensor());
    }
  }
  check_inputs(graph, bindings, given);
  return inputs;
}

/// Whether the pass is the same work whenever it runs, and short.
bool is_recordable(const Pass& pass) {
  const bool is_observed = pass.weight_hook != nullptr || pass.product_hook != nullptr ||
                           pass.node_hook != nullptr || pass.all_reduce != nullptr;
  return !is_observed && !pass.is_training && !pass.ragged.is_active() &&
         !torch::GradMode::is_enabled() && !is_tracing() &&
         (pass.graph.is_stateful() || pass.graph.nodes.size() <= kFewNodes);
}

}  // namespace

class TorchExecutor::Recorder final : public PassRecorder {
 public:
  using PassRecorder::PassRecorder;
};

TorchExecutor::TorchExecutor(graph::Model model, const TorchOptions& options)
    : model_(std::move(model)), precision_(options.precision) {
  const torch::Device device = resolve_device(options);
  apply_global(options, device);
  for (const auto& [name, graph] : model_.graphs) graph::validate(graph, &model_.weights);
  is_folded_ = options.fold && graph::fold_batch_norm(model_) > 0;
  parameters_ =
      ParameterStore(model_.weights, device,
                     precision_ == graph::Precision::kFp64 ? torch::kFloat64 : torch::kFloat32);
  if (options.cuda_graphs)
    recorder_ = std::make_unique<Recorder>(cuda_graphs(device, parameters_.type()));
}

TorchExecutor::~TorchExecutor() = default;

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
  node_times_.clear();
  const PlainPass plain = [&](const Tensors& given) {
    return run_pass(pass, given, is_timed_ ? &node_times_ : nullptr);
  };
  const Tensors given = inputs_of(graph, bindings, inputs, parameters_);
  const bool is_recorded = recorder_ != nullptr && !is_timed_ && is_recordable(pass);
  const Tensors results = is_recorded ? recorder_->run(graph.name, given, plain) : plain(given);
  NamedTensors outputs;
  for (std::size_t i = 0; i < results.size(); ++i)
    outputs.emplace(graph.outputs[i].name, results[i]);
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
  if (recorder_ != nullptr) text += ", CUDA graphs: " + recorder_->describe();
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
