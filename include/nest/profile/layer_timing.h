#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "nest/core/job.h"
#include "nest/core/json.h"
#include "nest/profile/work.h"
#include "nest/runtime/prepared.h"

namespace nest::profile {

/// Times of one step of a plan, or of one node of another executor; all passes of one run together.
struct LayerTime {
  std::string name;          ///< graph node
  std::string detail;        ///< what the runtime does there: "linear int8 15x512x2048"
  double p50_us = 0;         ///< median over all runs
  double executed_macs = 0;  ///< of the plan; the model's own: graph/cost.h. 0 on other executors
  double weight_bytes = 0;   ///< read, counted once a pass
  double min_us = 0;
  double p95_us = 0;
  std::vector<double> round_us = {};  ///< medians of the rounds, in order
};
Json to_json(const LayerTime& layer);

/// A round is a session of its own, so that where its memory happens to lie is one chance among
/// several: rounds, not runs, are what a comparison may take as independent.
struct LayerTimingOptions {
  int rounds = 12;
  int runs = 5;  ///< of a round, after one that is not timed
};
void visit_fields(FieldVisitor& visitor, LayerTimingOptions& options);

/// What was measured.
struct LayerTimes {
  std::vector<LayerTime> layers;
  LayerTime all;                              ///< "all": their sum, run by run
  std::vector<double> machine_round_us = {};  ///< of machine_ms() beside each round
  /// What timing costs, round by round: 0.01 is one per cent longer runs than those without, which
  /// are run in turns with them. Of a round the shortest runs, which others disturb least.
  std::vector<double> overhead_rounds = {};
};

/// Times every layer in place, caches as they are in a real run: on a session of the native
/// runtime, or on an executor that has a graph::NodeClock.
class LayerTimingProfiler {
 public:
  LayerTimingProfiler(std::shared_ptr<const runtime::PreparedModel> prepared, const Work& work,
                      const runtime::MachineOptions& machine = {});
  /// Executors are made one a round. Errors: Unsupported if they have no clock.
  LayerTimingProfiler(std::function<std::unique_ptr<graph::Executor>()> make_executor,
                      const Work& work);

  LayerTimes run(const LayerTimingOptions& options = {}, const Job& job = {}) const;

 private:
  class Round;
  class NativeRound;
  class ExecutorRound;
  std::function<std::unique_ptr<Round>()> begin_round_;
};

/// Equal layers of a stack added up: "layers.3.linear1" counts to "layers.*.linear1" if the
/// runtime does the same there.
std::vector<LayerTime> grouped(const std::vector<LayerTime>& layers);

}  // namespace nest::profile
