#include "nest/recognize/executors.h"

#include <map>
#include <mutex>

#include <fmt/ranges.h>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "nest/deploy/prepared_model.h"
#include "nest/runtime/executor.h"

namespace nest::recognize {
namespace {

constexpr std::string_view kNative = "native";

struct Registry {
  std::mutex mutex;
  std::map<std::string, ExecutorFactory> factories;
};

Registry& registry() {
  static Registry instance;
  return instance;
}

ExecutorFactory factory_of(const std::string& name) {
  Registry& all = registry();
  {
    const std::lock_guard lock(all.mutex);
    const auto found = all.factories.find(name);
    if (found != all.factories.end()) return found->second;
  }
  fail(ErrorCode::kInvalidArgument,
       "executor '{}' is not there; this program has: {}. A program that links nest_torch calls "
       "nn::register_executor() for 'torch'",
       name, fmt::join(executor_names(), ", "));
}

RunnableModel runnable(std::shared_ptr<const runtime::PreparedModel> prepared,
                       const ExecutorOptions& options) {
  const std::shared_ptr<const graph::Model> model(prepared, &prepared->model());
  return {model, std::move(prepared), options};
}

}  // namespace

void visit_fields(FieldVisitor& visitor, ExecutorOptions& o) {
  visitor.field("executor", o.executor, "native or torch");
  visitor.field("device", o.device, "torch: cpu, cuda, cuda:1 or auto");
  visitor.field("cuda_graphs", o.cuda_graphs, "torch on CUDA: record steps once, replay them");
  visitor.field("precision", o.precision,
                "native: no fp64; torch: no int8, int4; default: the model's own");
  visitor.group("Native runtime");
  visitor.part("prepare", o.prepare);
  visitor.part("machine", o.machine);
}

void validate(const ExecutorOptions& o) {
  check_fields(o);
  if (o.executor != kNative) {
    factory_of(o.executor);
    return;
  }
  require_field(o.device == "cpu", "device",
                "is {}, but the native `executor` runs on the cpu; torch knows others", o.device);
  require_field(!o.cuda_graphs, "cuda_graphs",
                "is of `executor` torch on a CUDA device; the native one runs on the cpu");
}

void register_executor(const std::string& name, ExecutorFactory factory) {
  require(name != kNative && !name.empty() && factory != nullptr, ErrorCode::kInvalidArgument,
          "executor '{}' cannot be registered: it needs a name other than '{}' and a factory", name,
          kNative);
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  all.factories.insert_or_assign(name, std::move(factory));
}

std::vector<std::string> executor_names() {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  std::vector<std::string> names{std::string(kNative)};
  for (const auto& [name, factory] : all.factories) names.push_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

std::unique_ptr<graph::Executor> RunnableModel::make_executor() const {
  if (prepared != nullptr) {
    return std::make_unique<runtime::NativeExecutor>(prepared, executor.machine);
  }
  return factory_of(executor.executor)(*model, executor);
}

RunnableModel load_runnable(const std::filesystem::path& path, const deploy::LoadOptions& load,
                            const ExecutorOptions& options) {
  validate(options);
  if (options.executor == kNative) {
    return runnable(deploy::load_prepared(path, load, options.precision, options.prepare), options);
  }
  const bool is_file =
      !std::filesystem::is_directory(path);  // load_model() has the word for folders
  require(!is_file || !runtime::is_prepared_file(path), ErrorCode::kInvalidArgument,
          "{} is prepared for the native runtime; executor {} needs the original model",
          path.string(), options.executor);
  return make_runnable(deploy::load_model(path, load), options);
}

RunnableModel make_runnable(graph::Model model, const ExecutorOptions& options) {
  validate(options);
  if (options.executor == kNative) {
    if (options.precision) graph::set_precision(model.quantization, *options.precision);
    return runnable(runtime::prepare(std::move(model), options.prepare), options);
  }
  return {std::make_shared<const graph::Model>(std::move(model)), nullptr, options};
}

RunnableModel make_runnable(std::shared_ptr<const runtime::PreparedModel> prepared,
                            const runtime::MachineOptions& machine) {
  ExecutorOptions options;
  options.machine = machine;
  validate(options);
  return runnable(std::move(prepared), options);
}

}  // namespace nest::recognize
