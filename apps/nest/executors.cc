#include "executors.h"

#include "nest/core/error.h"
#include "nest/core/json.h"
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

Json to_json(const ExecutorOptions& options) {
  Json json;
  json["executor"] = options.executor;
  json["precision"] = options.precision;
  json["device"] = options.device;
  json["threads"] = options.threads;
  return json;
}

std::unique_ptr<graph::Executor> make_executor(graph::Model model, const ExecutorOptions& options) {
  validate(options);
  if (options.executor == "native") {
    runtime::Options native;
    native.precision = options.precision;
    native.threads = options.threads;
    return std::make_unique<runtime::NativeExecutor>(std::move(model), native);
  }
  return make_torch_executor(std::move(model), options);
}

}  // namespace nest
