#include "nest/nn/torchscript.h"

#include <cctype>
#include <map>
#include <sstream>

#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/frontend/tracer.h>
#include <torch/torch.h>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/nn/executor.h"
#include "nest/nn/tensor.h"

namespace nest::nn {
namespace {

using torch::jit::Module;
using torch::jit::Stack;

/// Of a trace's outputs, over 1 + |expected|: freezing folds batch norms.
constexpr double kTolerance = 1e-4;

/// A name that TorchScript takes: "layers.0" -> "layers_0", "0" -> "n0".
std::string identifier(std::string name) {
  for (char& c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  return std::isdigit(static_cast<unsigned char>(name[0])) != 0 ? "n" + name : name;
}

/// Weights by module path: "encoder.lstm.weight_ih_l0" becomes an attribute of a module of a
/// module, since a name there has no dots.
class WeightModules {
 public:
  explicit WeightModules(const std::string& name) : root_(kPrefix + identifier(name)) {
    set_evaluating(root_);
  }

  void add(const std::string& name, const torch::Tensor& weight) {
    const std::size_t dot = name.rfind('.');
    // The very tensor that the executor computes with: a trace knows it again by that.
    module(dot == std::string::npos ? "" : name.substr(0, dot))
        .register_parameter(identifier(dot == std::string::npos ? name : name.substr(dot + 1)),
                            weight, !weight.requires_grad());
  }
  Module& root() { return root_; }

 private:
  Module module(const std::string& path) {
    if (path.empty()) return root_;
    const auto found = modules_.find(path);
    if (found != modules_.end()) return found->second;
    const std::size_t dot = path.rfind('.');
    Module parent = module(dot == std::string::npos ? "" : path.substr(0, dot));
    Module made(kPrefix + identifier(path), root_._ivalue()->compilation_unit());
    set_evaluating(made);
    parent.register_module(identifier(dot == std::string::npos ? path : path.substr(dot + 1)),
                           made);
    modules_.emplace(path, made);
    return made;
  }
  static void set_evaluating(Module& module) {
    module.register_attribute("training", c10::BoolType::get(), false);
  }

  static inline const std::string kPrefix = "__torch__.nest.";
  Module root_;
  std::map<std::string, Module> modules_;
};

/// One graph of an executor with its inputs and outputs in order.
struct Runner {
  TorchExecutor& executor;
  const graph::Graph& graph;
  std::vector<std::string> inputs;

  Stack arguments(const TensorMap& example) const {
    Stack stack;
    for (const std::string& name : inputs) stack.emplace_back(to_torch(example.at(name)));
    return stack;
  }
  /// One output alone, or a tuple.
  Stack run(const Stack& arguments) const {
    NamedTensors tensors;
    for (std::size_t i = 0; i < inputs.size(); ++i)
      tensors.emplace(inputs[i], arguments[i].toTensor());
    const NamedTensors results = executor.forward(graph.name, tensors);
    std::vector<torch::jit::IValue> outputs;
    for (const graph::Port& port : graph.outputs) outputs.emplace_back(results.at(port.name));
    if (outputs.size() == 1) return outputs;
    return {c10::ivalue::Tuple::create(std::move(outputs))};
  }
};

Module traced(const Runner& runner, const TensorMap& example) {
  WeightModules weights("nest_" + runner.graph.name);
  for (const graph::WeightInfo& info : graph::weight_infos(runner.graph))
    weights.add(info.name, runner.executor.parameters().at(info.name));
  Module& root = weights.root();
  std::vector<std::string> names;
  for (const std::string& name : runner.inputs) names.push_back(identifier(name));
  const auto no_name = [](const torch::Tensor&) { return std::string(); };
  const auto state =
      torch::jit::tracer::trace(
          runner.arguments(example), [&](const Stack& stack) { return runner.run(stack); }, no_name,
          true, false, &root, names)
          .first;
  auto* function = root._ivalue()->compilation_unit()->create_function(
      c10::QualifiedName(*root.type()->name(), "forward"), state->graph);
  root.type()->addMethod(function);
  return torch::jit::freeze(root);
}

std::vector<torch::Tensor> tensors_of(const torch::jit::IValue& value) {
  if (value.isTensor()) return {value.toTensor()};
  std::vector<torch::Tensor> tensors;
  for (const torch::jit::IValue& each : value.toTupleRef().elements())
    tensors.push_back(each.toTensor());
  return tensors;
}

void check(const Runner& runner, Module& module, const TensorMap& example) {
  const Stack arguments = runner.arguments(example);
  const auto got = tensors_of(module.forward(arguments));
  const auto want = tensors_of(runner.run(arguments).front());
  for (std::size_t i = 0; i < want.size(); ++i) {
    const std::string& port = runner.graph.outputs[i].name;
    require(got.at(i).sizes() == want[i].sizes(), ErrorCode::kInternal,
            "graph '{}': the trace gives '{}' the shape {}, not {}", runner.graph.name, port,
            to_string(got[i].sizes().vec()), to_string(want[i].sizes().vec()));
    if (want[i].numel() == 0) continue;
    const double error = ((got[i] - want[i]).abs() / (1 + want[i].abs())).max().item<double>();
    require(error <= kTolerance, ErrorCode::kInternal,
            "graph '{}': the trace's '{}' is {} off, more than {}", runner.graph.name, port, error,
            kTolerance);
  }
}

}  // namespace

std::int64_t write_torchscript(const graph::Model& model, const std::string& graph_name,
                               const std::vector<TensorMap>& examples,
                               const std::string& description, const std::filesystem::path& path) {
  const graph::Graph& graph = model.graph(graph_name);
  require(!examples.empty(), ErrorCode::kInvalidArgument, "a trace needs an example of its inputs");
  graph::bind(graph, examples.front());
  TorchExecutor executor(model);
  Runner runner{executor, graph, {}};
  for (const graph::Port& port : graph.inputs)
    if (examples.front().contains(port.name)) runner.inputs.push_back(port.name);
  try {
    const torch::NoGradGuard no_grad;
    Module module = traced(runner, examples.front());
    for (const TensorMap& example : examples) check(runner, module, example);
    write_file_atomic(path, [&](std::ostream& out) {
      module.save(out, {{"nest.json", description}});
    });
    std::int64_t nodes = 0;
    for ([[maybe_unused]] const auto* node : module.get_method("forward").graph()->nodes()) ++nodes;
    return nodes;
  } catch (const c10::Error& error) {
    fail(ErrorCode::kInternal, "graph '{}': LibTorch: {}", graph_name,
         error.what_without_backtrace());
  }
}

}  // namespace nest::nn
