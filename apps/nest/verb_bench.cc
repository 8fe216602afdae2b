#include <cstdlib>

#include "nest/profile/bench_run.h"
#include "verb.h"

namespace nest {
namespace {

struct BenchArguments : VerbArguments {
  profile::BenchRunOptions options;
  std::string save_models;
  std::string output;
};

int run_bench(BenchArguments& a) {
  profile::BenchOptions& bench = a.options.bench;
  const char* peer = std::getenv("NEST_ONNXRUNTIME_PEER");
  if (bench.peer_command.empty() && peer != nullptr) bench.peer_command = peer;
  profile::validate(bench);
  const auto items = profile::bench_items(a.options);
  if (!a.save_models.empty()) {
    for (const auto& file : profile::save_models(items, a.save_models))
      fmt::print("{}\n", file.string());
    return 0;
  }
  const auto show = [&](const profile::BenchResult& result) {
    if (!a.json) fmt::print("{}", profile::bench_text(result));
  };
  const Json report = profile::run_bench(items, a.options, show, command_job());
  if (!a.output.empty()) write_text_file(a.output, json_text(report, 0) + "\n");
  return print_report(a.json, report, a.options.peaks ? report["peaks"].dump(2) + "\n" : "");
}

}  // namespace

void add_bench(CommandLine& line) {
  add_verb<BenchArguments>(
      line, "bench", "How fast is the native runtime, beside LibTorch and ONNX Runtime?",
      [](Flags& flags, BenchArguments& a) {
        register_flags(flags, a.options);
        flags.add("save-models", a.save_models,
                  "write every model as NAME.safetensors there and stop");
        flags.add("output", a.output, "write the JSON there as well");
      },
      run_bench);
}

}  // namespace nest
