#include <cstdlib>
#include <memory>

#include <fmt/format.h>

#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/flags.h"
#include "nest/core/json.h"
#include "nest/core/json_text.h"
#include "nest/core/options.h"
#include "nest/deploy/model_file.h"
#include "nest/graph/factory.h"
#include "nest/profile/bench.h"
#include "nest/profile/machine.h"
#include "nest/runtime/isa.h"
#include "terminal.h"

namespace nest {
namespace {

struct Arguments {
  std::string suite;
  std::vector<std::string> only;
  std::string model;
  deploy::LoadOptions load;
  profile::WorkOptions work;
  profile::BenchOptions bench;
  std::string save_models;
  bool peaks = false;
  std::string output;
  bool json = false;
};

void register_flags(Flags& flags, Arguments& a) {
  flags.add("suite", a.suite, "YAML list of work (configs/bench.yaml)");
  flags.add("only", a.only, "names of the suite's work to measure");
  flags.add("model,checkpoint", a.model, ".pt or .safetensors, instead of a suite");
  register_flags(flags, a.load);
  register_flags(flags, a.work);
  register_flags(flags, a.bench);
  flags.group("Report");
  flags.add("save-models", a.save_models, "write every model as NAME.safetensors there and stop");
  flags.add("peaks", a.peaks, "measure what the kernels reach on this machine at most");
  flags.add("output", a.output, "write the JSON there as well");
  flags.add("json", a.json, "print JSON");
}

/// The suite's items, or one: a model file, or random weights for a key of a configuration.
std::vector<profile::SuiteItem> items_of(const Arguments& a) {
  require(a.suite.empty() || a.model.empty(), ErrorCode::kInvalidArgument,
          "--suite and --model exclude each other");
  if (!a.suite.empty()) return profile::read_suite(a.suite, a.only);
  if (!a.model.empty()) return {profile::make_item(deploy::load_model(a.model, a.load), a.work)};
  require(!a.load.config.empty() && !a.load.model_key.empty(), ErrorCode::kInvalidArgument,
          "nothing to measure: give --suite, --model, or --config with --model-key");
  return {
      profile::make_item(profile::with_random_weights(graph::build_model(
                             a.load.model_key, Config::load(a.load.config).at(a.load.model_key))),
                         a.work)};
}

int save_models(const std::vector<profile::SuiteItem>& items, const std::string& folder) {
  for (const profile::SuiteItem& item : items) {
    const auto file = std::filesystem::path(folder) / (item.name + ".safetensors");
    deploy::save_model(item.model, file);
    fmt::print("{}\n", file.string());
  }
  return 0;
}

int run(Arguments& a) {
  const char* peer = std::getenv("NEST_ONNXRUNTIME_PEER");
  if (a.bench.peer_command.empty() && peer != nullptr) a.bench.peer_command = peer;
  profile::validate(a.bench);
  const std::vector<profile::SuiteItem> items = items_of(a);
  if (!a.save_models.empty()) return save_models(items, a.save_models);
  Json report;
  report["machine"] = profile::machine_json();
  report["options"] = to_json(a.bench.comparison);
  report["options"]["threads"] = a.bench.machine.threads;
  report["load_average_before"] = profile::load_average();
  if (a.peaks) report["peaks"] = profile::peaks_json(runtime::choose_isa(a.bench.machine.isa));
  for (const profile::SuiteItem& item : items) {
    const auto result =
        with_context(item.name, [&] { return profile::bench(item, a.bench, command_job()); });
    report["work"].push_back(to_json(result));
    if (!a.json) fmt::print("{}", profile::bench_text(result));
  }
  report["load_average_after"] = profile::load_average();
  if (!a.output.empty()) write_text_file(a.output, json_text(report, 0) + "\n");
  if (a.json) fmt::print("{}\n", json_text(report, 2));
  if (a.peaks && !a.json) fmt::print("{}\n", report["peaks"].dump(2));
  return 0;
}

}  // namespace

void add_bench(CommandLine& line) {
  line.add_verb("bench", "How fast is the native runtime, beside LibTorch and ONNX Runtime?",
                [](Flags& flags) -> CommandLine::Run {
                  auto a = std::make_shared<Arguments>();
                  register_flags(flags, *a);
                  return [a] { return run(*a); };
                });
}

}  // namespace nest
