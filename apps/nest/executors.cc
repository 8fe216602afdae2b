#include "executors.h"

#include "nest/core/error.h"
#include "nest/deploy/prepared_model.h"
#include "nest/runtime/executor.h"
#include "nest/runtime/options.h"
#include "torch_half.h"

namespace nest {

void register_flags(Flags& flags, ExecutorOptions& options) {
  flags.add("executor", options.executor, "torch or native").choices({"torch", "native"});
  flags.add("precision", options.precision, "fp32, fp16, bf16; native: int8, int4; torch: fp64");
  flags.add("device", options.device, "torch: cpu, cuda, cuda:1 or auto");
  flags.add("threads", options.threads, "0: all cores");
}

void validate(const ExecutorOptions& options) {
  require(options.threads >= 0, ErrorCode::kInvalidArgument, "--threads {} must not be negative",
          options.threads);
  require(options.executor != "native" || options.device == "cpu", ErrorCode::kInvalidArgument,
          "--device {}: the native executor runs on the cpu; use --executor torch", options.device);
}

namespace {

runtime::Options native_options(const ExecutorOptions& options) {
  runtime::Options native;
  native.precision = options.precision;
  native.threads = options.threads;
  return native;
}

}  // namespace

ModelFile load_model_file(const std::string& path, const deploy::LoadOptions& load,
                          const ExecutorOptions& options) {
  validate(options);
  if (!runtime::is_prepared_file(path)) return {deploy::load_model(path, load), nullptr};
  require(options.executor == "native", ErrorCode::kInvalidArgument,
          "{} is prepared for the native runtime; --executor {} needs the original model", path,
          options.executor);
  ModelFile file;
  file.prepared = deploy::load_prepared(path, load, native_options(options));
  file.model = file.prepared->model();
  return file;
}

std::unique_ptr<graph::Executor> make_executor(const ModelFile& file,
                                               const ExecutorOptions& options) {
  if (file.prepared == nullptr) return make_executor(file.model, options);
  return std::make_unique<runtime::NativeExecutor>(file.prepared);
}

std::unique_ptr<graph::Executor> make_executor(graph::Model model, const ExecutorOptions& options) {
  validate(options);
  if (options.executor == "native") {
    return std::make_unique<runtime::NativeExecutor>(std::move(model), native_options(options));
  }
  return make_torch_executor(std::move(model), options);
}

}  // namespace nest
