#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "nest/core/job.h"
#include "nest/core/json_fwd.h"
#include "nest/core/options_fwd.h"
#include "nest/profile/contender.h"
#include "nest/profile/statistics.h"
#include "nest/recognize/executors.h"

namespace nest::profile {

struct ThroughputOptions {
  std::vector<std::int64_t> batch_sizes{1, 4, 8, 16, 32};
  int runs = 100;            ///< timed, of each batch size
  double max_warmup_s = 10;  ///< of each batch size; then times are taken as they are
};
void visit_fields(FieldVisitor& visitor, ThroughputOptions& options);
void validate(const ThroughputOptions& options);

struct BatchThroughput {
  std::int64_t batch = 1;
  Quantiles latency;
  double items_per_s = 0;  ///< from the median
  int warmup_runs = 0;
  bool is_steady = false;          ///< is_steady() said so before the time for it was over
  std::vector<std::string> noise;  ///< why the times are doubtful; empty on a quiet machine
};
Json to_json(const BatchThroughput& throughput);
std::string throughput_text(const std::vector<BatchThroughput>& all);

/// Times one graph at several batch sizes, after a warm-up that ends when a test finds no trend.
class ThroughputBenchmark {
 public:
  using MakeContender = std::function<std::unique_ptr<Contender>(const Work& work)>;

  /// `work`: graph and length; its batch is not used.
  ThroughputBenchmark(const recognize::RunnableModel& runnable, WorkOptions work);
  ThroughputBenchmark(const graph::Model& model, MakeContender make, WorkOptions work);

  /// In the order of the batch sizes. Errors: FieldError; those of make_work(); Interrupted.
  std::vector<BatchThroughput> measure_throughput(const ThroughputOptions& options = {},
                                                  const Job& job = {}) const;

 private:
  std::shared_ptr<const graph::Model> model_;
  MakeContender make_;
  WorkOptions work_;
};

/// What runs a model's work: a session of the native runtime, or an executor.
std::unique_ptr<Contender> contender_of(std::string name, const recognize::RunnableModel& runnable,
                                        const Work& work);

}  // namespace nest::profile
