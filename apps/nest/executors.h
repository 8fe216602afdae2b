#pragma once

#include <memory>
#include <string>

#include "nest/core/flags.h"
#include "nest/deploy/model_file.h"
#include "nest/graph/model.h"
#include "nest/runtime/prepared.h"

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

/// A model as it came from a file.
struct ModelFile {
  graph::Model model;  ///< without weights if the file was prepared for the native runtime
  std::shared_ptr<const runtime::PreparedModel> prepared;  ///< null for floats
};
/// Any model file. Errors: those of deploy::load_model and deploy::load_prepared; InvalidArgument
/// if a prepared file is to run on another executor or in a precision not its own.
ModelFile load_model_file(const std::string& path, const deploy::LoadOptions& load,
                          const ExecutorOptions& options);

/// Errors: Unsupported if this build does not have the executor; InvalidArgument.
std::unique_ptr<graph::Executor> make_executor(graph::Model model, const ExecutorOptions& options);
std::unique_ptr<graph::Executor> make_executor(const ModelFile& file,
                                               const ExecutorOptions& options);

}  // namespace nest
