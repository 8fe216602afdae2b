#pragma once

#include <memory>
#include <string>
#include <vector>

#include "nest/core/job.h"
#include "nest/core/options_fwd.h"
#include "nest/graph/cost.h"
#include "nest/profile/contender.h"
#include "nest/recognize/executors.h"

namespace nest::profile {

/// How contenders take turns.
struct ComparisonOptions {
  int runs = 30;   ///< timed runs of each contender
  int turn = 5;    ///< timed runs before the next contender's turn
  int warmup = 5;  ///< untimed runs of each at the start; every turn begins with one more
  /// Pause before every turn: the threads of ONNX Runtime and of OpenMP spin for some milliseconds
  /// after their work and would take the cores of whoever is next.
  int rest_ms = 50;
  /// Largest distance over 1 + |expected| at which a full-precision peer counts as equal.
  double tolerance = 1e-4;
};
void visit_fields(FieldVisitor& visitor, ComparisonOptions& options);
void validate(const ComparisonOptions& options);

/// Quantiles of times in milliseconds.
struct TimeSummary {
  int runs = 0;
  double min_ms = 0, p50_ms = 0, p95_ms = 0, mean_ms = 0;
};
/// Quantiles are nearest ranks. Errors: InvalidArgument if there are no times.
TimeSummary summarize(std::vector<double> times_ms);
Json to_json(const TimeSummary& summary);

struct ContenderResult {
  std::string name;
  TimeSummary time;
  double time_ratio = 1;  ///< this one's time over the first's: median of the rounds' ratios
  /// Largest distance over 1 + |expected| from the first contender's results.
  double max_error = 0;
  double rms_error = 0;  ///< root mean square of the distance over that of the first's results
  Json info;
};
Json to_json(const ContenderResult& result);

/// A row of the comparison of models: what is counted, and what was measured.
struct ModelComparison {
  std::string name;
  std::string executor;  ///< what really ran
  std::int64_t parameters = 0;
  graph::Operations operations;    ///< of the work
  std::int64_t weight_bytes = 0;   ///< as they are kept for running
  std::int64_t planned_bytes = 0;  ///< activations on the native runtime; 0 on others
  TimeSummary time;
  double time_ratio = 1;  ///< time over the first model's, median of the rounds' ratios
  double items_per_s = 0;
};
Json to_json(const ModelComparison& comparison);

/// Measures contenders side by side: A B C A B C ..., so that a slow spell of the machine meets
/// all.
class ComparisonBenchmark {
 public:
  explicit ComparisonBenchmark(const ComparisonOptions& options);
  /// `is_exact`: its results must equal the first contender's within the tolerance.
  void add(std::unique_ptr<Contender> contender, bool is_exact);
  /// Compares results, then times. The first contender is the one the others are measured against.
  /// Errors: CheckFailed naming the contender whose results are not equal; InvalidArgument if there
  /// is no contender or no output in common; Interrupted.
  std::vector<ContenderResult> run(const Job& job = {});

  /// The same work of several models, in turns, each by what it is to run on. Their outputs are not
  /// compared. Errors: those of make_work() and the executors; Interrupted.
  static std::vector<ModelComparison> compare_models(
      const std::vector<std::pair<std::string, recognize::RunnableModel>>& models,
      const WorkOptions& work, const ComparisonOptions& options = {}, const Job& job = {});
  /// The same of model files, named after them. Errors: also those of recognize::load_runnable.
  static std::vector<ModelComparison> compare_files(const std::vector<std::string>& files,
                                                    const deploy::LoadOptions& load,
                                                    const recognize::ExecutorOptions& executor,
                                                    const WorkOptions& work, const Job& job = {});
  /// The specification's table as text: parameters, GMACs, GFLOPs, memory, latency, throughput.
  static std::string print_comparison(const std::vector<ModelComparison>& comparison);

 private:
  struct Entry {
    std::unique_ptr<Contender> contender;
    bool is_exact = false;
  };
  ComparisonOptions options_;
  std::vector<Entry> entries_;
};

}  // namespace nest::profile
