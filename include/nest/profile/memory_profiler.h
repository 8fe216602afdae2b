#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "nest/core/json_fwd.h"
#include "nest/profile/work.h"
#include "nest/runtime/prepared.h"

namespace nest::profile {

/// Memory of one piece of work on the native runtime, as planned and as a run used it.
struct MemoryProfile {
  std::string graph;
  std::int64_t weight_bytes = 0;    ///< of the whole model, as packed
  std::int64_t planned_bytes = 0;   ///< activations, states, scratch, inputs and outputs
  std::int64_t measured_bytes = 0;  ///< up to the last byte of the plan that a run wrote
  std::int64_t least_bytes = 0;     ///< what no plan could do without
  std::int64_t resident_bytes = 0;  ///< by which the process grew for session and run
  struct Layer {
    std::string name;
    std::string detail;
    std::int64_t live_bytes = 0;
  };
  std::vector<Layer> layers;
};
Json to_json(const MemoryProfile& profile);
std::string memory_text(const MemoryProfile& profile);

/// Memory of one step of training on LibTorch in bytes, as estimated and as its allocator counted.
struct TrainingMemory {
  std::int64_t weight_bytes = 0;
  std::int64_t gradient_bytes = 0;
  std::int64_t optimizer_bytes = 0;
  std::int64_t estimated_bytes = 0;  ///< MemoryEstimate::training_bytes
  std::int64_t measured_bytes = 0;   ///< most that was allocated at once, weights included
  struct Layer {
    std::string graph;
    std::string name;
    std::int64_t output_bytes = 0;  ///< what the estimate counts
    std::int64_t kept_bytes = 0;    ///< allocated by the layer and not freed before the next
  };
  std::vector<Layer> layers = {};  ///< of the way forward, in order; steps of a decoder added up
};
Json to_json(const TrainingMemory& memory);
std::string training_text(const TrainingMemory& memory);

/// Loss, gradients and one optimizer step over random signals; fills all but the estimate.
using TrainingMeter =
    std::function<TrainingMemory(const graph::Model& model, const WorkOptions& work)>;
/// What MemoryProfiler::training() measures with: a program that links nest_torch gives it
/// train::measure_training_memory(). State: thread-safe.
void register_training_meter(TrainingMeter meter);

/// Compares the plan with what a run does.
class MemoryProfiler {
 public:
  explicit MemoryProfiler(std::shared_ptr<const runtime::PreparedModel> prepared);
  /// Errors: those of make_work().
  MemoryProfile inference(const WorkOptions& options) const;
  /// `model` has the weights, `work` the batch and the samples of each item. Errors: Unsupported in
  /// a program without LibTorch; InvalidArgument for a model that has no loss.
  static TrainingMemory training(const graph::Model& model, const WorkOptions& work);

 private:
  std::shared_ptr<const runtime::PreparedModel> prepared_;
};

}  // namespace nest::profile
