#include "nest/profile/bench_run.h"

#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "nest/graph/factory.h"
#include "nest/profile/machine.h"
#include "nest/runtime/isa.h"

namespace nest::profile {

void visit_fields(FieldVisitor& visitor, BenchRunOptions& o) {
  visitor.field("suite", o.suite, "YAML list of work (configs/bench.yaml)");
  visitor.field("only", o.only, "names of the suite's work to measure");
  visitor.field("model", o.model, ".pt or .safetensors, instead of a suite", {},
                {.flag = "model,checkpoint"});
  visitor.part("", o.load);
  visitor.part("", o.work);
  visitor.part("", o.bench);
  visitor.group("Report");
  visitor.field("peaks", o.peaks, "measure what the kernels reach on this machine at most");
}

std::vector<SuiteItem> bench_items(const BenchRunOptions& options) {
  require(options.suite.empty() || options.model.empty(), ErrorCode::kInvalidArgument,
          "`suite` and `model` exclude each other");
  if (!options.suite.empty()) return read_suite(options.suite, options.only);
  const deploy::LoadOptions& load = options.load;
  if (!options.model.empty()) {
    return {make_item(deploy::load_model(options.model, load), options.work)};
  }
  require(!load.config.empty() && !load.model_key.empty(), ErrorCode::kInvalidArgument,
          "nothing to measure: give `suite`, `model`, or `config` with `model_key`");
  graph::Model model =
      graph::build_model(load.model_key, Config::load(load.config).at(load.model_key));
  return {make_item(with_random_weights(std::move(model)), options.work)};
}

Json run_bench(const std::vector<SuiteItem>& items, const BenchRunOptions& options,
               const std::function<void(const BenchResult&)>& on_result, const Job& job) {
  Json report;
  report["machine"] = machine_json();
  report["options"] = nest::to_json(options.bench.comparison);
  report["options"]["threads"] = options.bench.machine.threads;
  report["load_average_before"] = load_average();
  if (options.peaks) report["peaks"] = peaks_json(runtime::choose_isa(options.bench.machine.isa));
  for (const SuiteItem& item : items) {
    const BenchResult result =
        with_context(item.name, [&] { return bench(item, options.bench, job); });
    report["work"].push_back(to_json(result));
    on_result(result);
  }
  report["load_average_after"] = load_average();
  return report;
}

std::vector<std::filesystem::path> save_models(const std::vector<SuiteItem>& items,
                                               const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const SuiteItem& item : items) {
    files.push_back(folder / (item.name + ".safetensors"));
    deploy::save_model(item.model, files.back());
  }
  return files;
}

}  // namespace nest::profile
