#include <fmt/format.h>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/profile/comparison.h"
#include "nest/profile/statistics.h"
#include "nest/profile/throughput.h"
#include "nest/runtime/session.h"
#include "turns.h"

namespace nest::profile {
namespace {

constexpr std::size_t kColumns = 96;

/// All but the times.
ModelComparison counted(const std::string& name, const recognize::RunnableModel& runnable,
                        const Work& work) {
  ModelComparison row;
  row.name = name;
  row.parameters = runnable.model->num_parameters();
  const graph::Cost cost =
      graph::total(graph::graph_cost(*runnable.model, work.graph, work.bindings));
  row.operations = {cost.macs, cost.flops};
  const auto executor = runnable.make_executor();
  row.executor = executor->describe();
  row.weight_bytes = executor->weight_bytes();
  if (runnable.prepared != nullptr) {
    row.planned_bytes =
        runtime::Session(runnable.prepared, work.graph, work.bindings).arena_bytes();
  }
  return row;
}

/// 12345678 -> "12,345,678"
std::string with_commas(std::int64_t count) {
  std::string text = fmt::format("{}", count);
  for (std::ptrdiff_t at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), 1, ',');
  return text;
}

}  // namespace

Json to_json(const ModelComparison& c) {
  return {{"name", c.name},
          {"executor", c.executor},
          {"parameters", c.parameters},
          {"macs", c.operations.macs},
          {"flops", c.operations.flops},
          {"weight_bytes", c.weight_bytes},
          {"planned_bytes", c.planned_bytes},
          {"latency", to_json(c.time)},
          {"time_ratio", c.time_ratio},
          {"throughput_samples_per_sec", c.items_per_s}};
}

std::vector<ModelComparison> ComparisonBenchmark::compare_models(
    const std::vector<std::pair<std::string, recognize::RunnableModel>>& models,
    const WorkOptions& options, const ComparisonOptions& comparison, const Job& job) {
  validate(comparison);
  require(!models.empty(), ErrorCode::kInvalidArgument, "no models to compare");
  std::vector<ModelComparison> rows;
  std::vector<std::unique_ptr<Contender>> owned;
  std::vector<Contender*> contenders;
  for (const auto& [name, runnable] : models) {
    with_context(name, [&] {
      const Work work = make_work(*runnable.model, options);
      rows.push_back(counted(name, runnable, work));
      owned.push_back(contender_of(name, runnable, work));
    });
    contenders.push_back(owned.back().get());
  }
  const std::vector<Turns> turns = take_turns(contenders, comparison, job);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].time = summarize(turns[i].times);
    rows[i].time_ratio = median(turns[i].ratios);
    rows[i].items_per_s = static_cast<double>(options.batch) / rows[i].time.p50_ms * 1e3;
  }
  return rows;
}

std::vector<ModelComparison> ComparisonBenchmark::compare_files(
    const std::vector<std::string>& files, const deploy::LoadOptions& load,
    const recognize::ExecutorOptions& executor, const WorkOptions& options, const Job& job) {
  std::vector<std::pair<std::string, recognize::RunnableModel>> models;
  for (const std::string& file : files) {
    models.emplace_back(std::filesystem::path(file).filename().string(),
                        recognize::load_runnable(file, load, executor));
  }
  WorkOptions work = options;
  if (work.graph.empty()) work.graph = "encoder";
  return compare_models(models, work, {}, job);
}

std::string ComparisonBenchmark::print_comparison(const std::vector<ModelComparison>& rows) {
  const std::string rule(kColumns, '=');
  std::string text = fmt::format("{}\nModel Comparison\n{}\n", rule, rule);
  text += fmt::format("{:<22}{:>13}{:>9}{:>9}{:>11}{:>12}{:>8}{:>12}\n{}\n", "Model", "Params",
                      "GMACs", "GFLOPs", "Memory MB", "Latency ms", "times", "Items/s",
                      std::string(kColumns, '-'));
  for (const ModelComparison& row : rows) {
    text +=
        fmt::format("{:<22}{:>13}{:>9.3f}{:>9.3f}{:>11.2f}{:>12.3f}{:>8.2f}{:>12.1f}\n", row.name,
                    with_commas(row.parameters), static_cast<double>(row.operations.macs) * 1e-9,
                    static_cast<double>(row.operations.flops) * 1e-9,
                    static_cast<double>(row.weight_bytes + row.planned_bytes) * 1e-6,
                    row.time.p50_ms, row.time_ratio, row.items_per_s);
  }
  text += rule + "\nMemory: weights as kept and, on the native runtime, planned activations.\n";
  for (const ModelComparison& row : rows) text += fmt::format("{}: {}\n", row.name, row.executor);
  return text;
}

}  // namespace nest::profile
