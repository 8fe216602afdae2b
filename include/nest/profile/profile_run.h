#pragma once

#include <optional>
#include <string>
#include <vector>

#include "nest/core/job.h"
#include "nest/core/trace.h"
#include "nest/profile/layer_timing.h"
#include "nest/profile/memory_profiler.h"
#include "nest/profile/model_profiler.h"
#include "nest/profile/throughput.h"

namespace nest::profile {

/// What to find out about a model besides what is counted.
struct ProfileOptions {
  WorkOptions work{.graph = ""};
  LayerTimingOptions timing = {};
  bool no_timing = false;  ///< count and plan alone: the same on every machine
  bool throughput = false;
  bool training = false;  ///< measure the memory of a step of training, on LibTorch
  ThroughputOptions batches = {};
};
void visit_fields(FieldVisitor& visitor, ProfileOptions& options);
void validate(const ProfileOptions& options);

struct GraphTiming {
  std::string graph;
  LayerTimes times;
};

/// Everything about one model: counted, planned, measured.
struct ProfileReport {
  ModelProfile counted;
  std::string executor;  ///< what ran
  recognize::ExecutorOptions options;
  std::vector<MemoryProfile> memory = {};  ///< by graph
  std::vector<GraphTiming> timing = {};
  std::vector<std::string> noise = {};           ///< why the times are doubtful
  std::vector<BatchThroughput> throughput = {};  ///< of the first graph
  std::optional<TrainingMemory> training = {};
};
/// to_json(ModelProfile) with "executor", "machine", "memory", "timing", "noise", "throughput",
/// "training"; layers have the "p50_us" of the steps of their name.
Json to_json(const ProfileReport& report);
std::string report_text(const ProfileReport& report);

/// Errors: FieldError; those of ModelProfiler and the executor; Interrupted.
ProfileReport profile_model(const recognize::RunnableModel& runnable, const ProfileOptions& options,
                            const Job& job = {});

/// Layers of some runs on a timeline, a track for each graph. Errors: those of make_work();
/// Unsupported for an executor without a graph::NodeClock.
void trace_model(Trace& trace, const recognize::RunnableModel& runnable, const WorkOptions& options,
                 int runs = 5);

/// The timed layers of all graphs of a report.
std::vector<LayerTime> timed_layers(const ProfileReport& report);

}  // namespace nest::profile
