#include <chrono>

#include "nest/deploy/model_file.h"
#include "nest/graph/factory.h"
#include "nest/io/npy.h"
#include "nest/recognize/executors.h"
#include "verb.h"

namespace nest {
namespace {

struct RunOptions : VerbArguments {
  std::string model;
  std::string graph;
  StringMap<std::string> inputs;
  std::string output;
  deploy::LoadOptions load;
  recognize::ExecutorOptions executor;
};

int run_run(const RunOptions& options) {
  TensorMap inputs;
  for (const auto& [name, file] : options.inputs)
    inputs.emplace(name, graph::as_input(name, io::read_npy(file)));
  const auto executor =
      recognize::load_runnable(options.model, options.load, options.executor).make_executor();
  const auto start = std::chrono::steady_clock::now();
  const TensorMap outputs = options.graph.empty() ? graph::run_forward(*executor, inputs)
                                                  : executor->run(options.graph, inputs);
  const std::chrono::duration<double, std::milli> elapsed =
      std::chrono::steady_clock::now() - start;
  Json report;
  report["executor"] = executor->describe();
  report["elapsed_ms"] = elapsed.count();
  std::string text = fmt::format("{}  {:.2f} ms\n", executor->describe(), elapsed.count());
  for (const auto& [name, tensor] : outputs) {
    const std::filesystem::path file = std::filesystem::path(options.output) / (name + ".npy");
    io::write_npy(file, tensor);
    report["outputs"][name] = {{"file", file.string()}, {"shape", tensor.shape()}};
    text +=
        fmt::format("{:<20} {:<8} {}\n", name, name_of(tensor.dtype()), to_string(tensor.shape()));
  }
  return print_report(options.json, report, text);
}

}  // namespace

void add_run(CommandLine& line) {
  add_verb<RunOptions>(
      line, "run", "Run a model or one of its graphs on arrays",
      [](Flags& flags, RunOptions& options) {
        flags.add("model,checkpoint", options.model, ".pt, .safetensors or .prepared").required();
        flags.add("graph", options.graph, "one graph; without it the whole model, teacher-forced");
        flags.add("input", options.inputs, "NAME=FILE.npy; repeat for each input").required();
        flags.add("output", options.output, "folder for <name>.npy of every output").required();
        register_flags(flags, options.load);
        register_flags(flags, options.executor);
      },
      run_run);
}

}  // namespace nest
