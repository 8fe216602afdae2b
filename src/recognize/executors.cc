#include "nest/recognize/executors.h"

#include <map>
#include <mutex>

#include <fmt/ranges.h>

#include "nest/core/error.h"
#include "nest/core/flags.h"
#include "nest/core/json.h"
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
  fail(ErrorCode::kUnsupported,
       "executor '{}' is not there; this program has: {}. A program that links nest_torch calls "
       "nn::register_executor() for 'torch'",
       name, fmt::join(executor_names(), ", "));
}

std::optional<graph::Precision> precision_of(const ExecutorOptions& options) {
  if (!options.precision) return std::nullopt;
  return graph::precision_from_name(*options.precision);
}

RunnableModel runnable(std::shared_ptr<const runtime::PreparedModel> prepared,
                       const ExecutorOptions& options) {
  const std::shared_ptr<const graph::Model> model(prepared, &prepared->model());
  return {model, std::move(prepared), options};
}

}  // namespace

void register_flags(Flags& flags, ExecutorOptions& options) {
  flags.add("executor", options.executor, "native or torch");
  flags.add("device", options.device, "torch: cpu, cuda, cuda:1 or auto");
  flags.add("precision", options.precision,
            "fp32, fp16, bf16; native: int8, int4; torch: fp64; default: the model's own");
  flags.group("Native runtime");
  runtime::register_flags(flags, options.prepare);
  runtime::register_flags(flags, options.machine);
}

void validate(const ExecutorOptions& options) {
  precision_of(options);
  runtime::validate(options.prepare);
  runtime::validate(options.machine);
  if (options.executor != kNative) {
    factory_of(options.executor);
    return;
  }
  require(options.device == "cpu", ErrorCode::kInvalidArgument,
          "device {}: the native executor runs on the cpu; use executor torch", options.device);
}

Json to_json(const ExecutorOptions& options) {
  return {{"executor", options.executor},
          {"device", options.device},
          {"precision", options.precision ? Json(*options.precision) : Json()},
          {"prepare", runtime::to_json(options.prepare)},
          {"machine", runtime::to_json(options.machine)}};
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
    return runnable(deploy::load_prepared(path, load, precision_of(options), options.prepare),
                    options);
  }
  require(!runtime::is_prepared_file(path), ErrorCode::kInvalidArgument,
          "{} is prepared for the native runtime; executor {} needs the original model",
          path.string(), options.executor);
  return make_runnable(deploy::load_model(path, load), options);
}

RunnableModel make_runnable(graph::Model model, const ExecutorOptions& options) {
  validate(options);
  if (options.executor == kNative) {
    if (const auto precision = precision_of(options))
      graph::set_precision(model.quantization, *precision);
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
