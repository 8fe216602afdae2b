#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "nest/deploy/model_file.h"
#include "nest/profile/bench.h"

namespace nest::profile {

/// What `nest bench` measures: a suite, a model file, or random weights for a key of a
/// configuration (`load`).
struct BenchRunOptions {
  std::string suite = {};              ///< YAML list of work
  std::vector<std::string> only = {};  ///< names of the suite's work; empty: all
  std::string model = {};              ///< .pt or .safetensors, instead of a suite
  deploy::LoadOptions load = {};
  WorkOptions work = {};
  BenchOptions bench = {};
  bool peaks = false;  ///< also measures what the kernels reach on this machine at most
};
void visit_fields(FieldVisitor& visitor, BenchRunOptions& options);

/// Errors: InvalidArgument for a suite and a model, or neither and no configuration; those of
/// read_suite and deploy::load_model.
std::vector<SuiteItem> bench_items(const BenchRunOptions& options);

/// Measures items one by one; `on_result` sees each as it is done. Returns the report: "machine",
/// "options", "load_average_before" and "_after", "peaks", and "work", to_json() of every result.
/// Errors: those of bench() with the item's name.
Json run_bench(const std::vector<SuiteItem>& items, const BenchRunOptions& options,
               const std::function<void(const BenchResult&)>& on_result, const Job& job = {});

/// Writes every item's model as FOLDER/NAME.safetensors; returns the files.
std::vector<std::filesystem::path> save_models(const std::vector<SuiteItem>& items,
                                               const std::filesystem::path& folder);

}  // namespace nest::profile
