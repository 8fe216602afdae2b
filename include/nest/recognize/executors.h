#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nest/core/options_fwd.h"
#include "nest/deploy/model_file.h"
#include "nest/graph/model.h"
#include "nest/runtime/options.h"
#include "nest/runtime/prepared.h"

namespace nest::recognize {

/// What runs a model, and how.
struct ExecutorOptions {
  std::string executor = "native";  ///< or a registered one: "torch"
  std::string device = "cpu";       ///< of a registered one: "cpu", "cuda", "cuda:1", "auto"
  bool cuda_graphs = false;  ///< of "torch" on CUDA: stepwise graphs are recorded and replayed
  /// Of the whole model. None: what the model's quantization says on the native executor,
  /// fp32 on others.
  std::optional<graph::Precision> precision = {};
  runtime::PrepareOptions prepare = {};  ///< of the native executor
  runtime::MachineOptions machine = {};  ///< others take the number of threads alone
};
void visit_fields(FieldVisitor& visitor, ExecutorOptions& options);
/// Errors: FieldError naming the field, its value and the limit.
void validate(const ExecutorOptions& options);

/// Makes an executor of its own for each call.
using ExecutorFactory = std::function<std::unique_ptr<graph::Executor>(
    const graph::Model& model, const ExecutorOptions& options)>;

/// Gives ExecutorOptions::executor one more name; an earlier factory of that name is replaced.
/// nn::register_executor() does it for LibTorch. State: thread-safe.
/// Errors: InvalidArgument for the name "native" or an empty factory.
void register_executor(const std::string& name, ExecutorFactory factory);
/// "native" and what was registered, in alphabetical order.
std::vector<std::string> executor_names();

/// A model and what runs it; copies share the weights. State: immutable, thread-safe.
struct RunnableModel {
  /// Without weights once they are packed for the native runtime.
  std::shared_ptr<const graph::Model> model;
  std::shared_ptr<const runtime::PreparedModel> prepared;  ///< null for other executors
  ExecutorOptions executor;

  /// One more executor, for one thread at a time. On the native runtime all of them share the
  /// packed weights. Errors: those of the registered factory.
  std::unique_ptr<graph::Executor> make_executor() const;
};

/// Any model file: .pt, .safetensors, or prepared for the native runtime.
///
/// For the native runtime weights are packed here, once. Errors: those of deploy::load_model and
/// deploy::load_prepared; InvalidArgument if no executor has that name, or a prepared file is to
/// run on another executor or in a precision not its own.
RunnableModel load_runnable(const std::filesystem::path& path, const deploy::LoadOptions& load = {},
                            const ExecutorOptions& options = {});
/// A model in memory. Errors: as load_runnable().
RunnableModel make_runnable(graph::Model model, const ExecutorOptions& options = {});
/// A model that was prepared already, on the native runtime. Errors: InvalidArgument.
RunnableModel make_runnable(std::shared_ptr<const runtime::PreparedModel> prepared,
                            const runtime::MachineOptions& machine = {});

}  // namespace nest::recognize
