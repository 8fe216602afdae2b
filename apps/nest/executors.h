#pragma once

#include <memory>
#include <string>

#include "nest/core/flags.h"
#include "nest/graph/model.h"

namespace nest {

/// Which executor runs a model; the same flags on every verb that runs one.
struct ExecutorOptions {
  std::string executor = "native";  ///< "native" or "torch"
  std::string precision = "fp32";   ///< fp32, fp16, bf16; native also int8, int4; torch also fp64
  std::string device = "cpu";       ///< torch: "cpu", "cuda", "cuda:1", "auto"
  int threads = 0;                  ///< 0: all cores
};
void register_flags(Flags& flags, ExecutorOptions& options);
void validate(const ExecutorOptions& options);
Json to_json(const ExecutorOptions& options);

/// Errors: Unsupported if this build does not have the executor; InvalidArgument.
std::unique_ptr<graph::Executor> make_executor(graph::Model model, const ExecutorOptions& options);

}  // namespace nest
