#pragma once

#include <map>
#include <string>
#include <vector>

#include "nest/core/job.h"
#include "nest/core/options_fwd.h"
#include "nest/profile/comparison.h"
#include "nest/profile/layer_timing.h"
#include "nest/profile/suite.h"
#include "nest/runtime/options.h"

namespace nest::profile {

/// Who does the work, and how they are measured.
struct BenchOptions {
  /// Of the native runtime; the first is the yardstick. "int8-static", "int4-static": with fixed
  /// scales of 8-bit activations, found in one run of the work itself.
  std::vector<std::string> precisions{"fp32", "bf16", "int8"};
  runtime::PrepareOptions prepare = {};
  runtime::MachineOptions machine = {};  ///< peers take the number of threads alone
  /// A registered executor ("torch"), or "onnxruntime" and "onnxruntime-int8": a program that opens
  /// NAME.onnx or NAME.int8.onnx.
  std::vector<std::string> peers = {};
  std::string peer_command = {};  ///< starts that program; words between blanks
  std::string onnx_dir = {};      ///< folder of those files
  ComparisonOptions comparison = {};
  bool layers = false;  ///< also times every layer
};
void visit_fields(FieldVisitor& visitor, BenchOptions& options);
/// Errors: FieldError; InvalidArgument for an executor that is not registered.
void validate(const BenchOptions& options);

struct Goal {
  std::string what;  ///< "nest int8 ms", "nest fp32 times faster than torch"
  double goal = 0;
  double reached = 0;
  bool is_reached = false;
};
Json to_json(const Goal& goal);

/// One item, measured.
struct BenchResult {
  std::string name;
  WorkOptions work;
  std::vector<ContenderResult> contenders;  ///< "nest int8", "torch", ...
  std::vector<Goal> goals;
  std::map<std::string, std::vector<LayerTime>> layers;  ///< by precision, equal layers added up
};
Json to_json(const BenchResult& result);
/// The same as tables for people.
std::string bench_text(const BenchResult& result);

/// Measures all contenders side by side on one item.
///
/// Errors: those of make_work, ComparisonBenchmark::run, peer_contender and the registered
/// executors; Interrupted.
BenchResult bench(const SuiteItem& item, const BenchOptions& options, const Job& job = {});

}  // namespace nest::profile
