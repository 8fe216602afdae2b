#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "nest/core/json.h"
#include "nest/graph/cost.h"
#include "nest/graph/model.h"
#include "nest/profile/work.h"
#include "nest/runtime/prepared.h"

namespace nest::profile {

struct ParameterCounts {
  std::int64_t total = 0;      ///< trainable and buffers
  std::int64_t trainable = 0;  ///< what "parameters" means everywhere else
  std::int64_t buffers = 0;    ///< batch statistics, positional tables, fixed filter banks
};

/// Bytes that a run takes, by plan.
struct MemoryEstimate {
  std::int64_t weight_bytes = 0;      ///< as the model's quantization stores them
  std::int64_t activation_bytes = 0;  ///< of the native plan: inputs, outputs, states, scratch
  std::int64_t total_bytes = 0;       ///< both
  /// A step of training in float32 with Adam: weights, their gradients and two moments, and every
  /// node's output kept for the way back. A library keeps more for some kinds (gates of recurrent
  /// layers, masks of dropout).
  std::int64_t training_bytes = 0;

  double total_mb() const { return 1e-6 * static_cast<double>(total_bytes); }
};

/// One node of a graph.
struct LayerProfile {
  std::string graph;
  std::string name;
  std::string kind;
  graph::Cost cost;
  std::vector<Shape> outputs;
  /// Planned bytes in use while it runs natively; 0 if it is computed inside another node's step.
  std::int64_t peak_bytes = 0;
  double share = 0;      ///< of all MACs; of all FLOPs where the model has no MACs
  double intensity = 0;  ///< FLOPs a byte of activations and weights moved
};

struct ModelProfile {
  std::string model;
  std::vector<WorkOptions> works;  ///< graphs and lengths
  ParameterCounts parameters;
  graph::Operations operations;  ///< of one run of every graph
  MemoryEstimate memory;
  std::vector<LayerProfile> layers;
};
/// {"parameters", "macs", "flops", "weight_bytes", "peak_bytes", "layers": [...], ...}
Json to_json(const ModelProfile& profile);
/// The tree by module with parameters, MACs, FLOPs, bytes, shapes, shares and intensities.
std::string profile_text(const ModelProfile& profile);

/// Counts what a model is and takes, without running it.
///
/// An empty graph in the work options means one pass through the whole model: the encoder over
/// `length` samples; a CTC head or joiner over its frames; one step of a predictor, a decoder or a
/// language model. State: immutable.
class ModelProfiler {
 public:
  explicit ModelProfiler(graph::Model model);
  explicit ModelProfiler(std::shared_ptr<const runtime::PreparedModel> prepared);

  ParameterCounts count_parameters() const;
  /// Errors: NotFound for the graph; InvalidArgument for a length that does not fit.
  graph::Operations count_flops(const WorkOptions& options) const;
  /// Errors: as count_flops().
  MemoryEstimate estimate_memory(const WorkOptions& options) const;
  /// Errors: as count_flops().
  ModelProfile profile_summary(const WorkOptions& options) const;

  /// Without weights.
  const graph::Model& model() const { return prepared_->model(); }
  const std::shared_ptr<const runtime::PreparedModel>& prepared() const { return prepared_; }

 private:
  std::shared_ptr<const runtime::PreparedModel> prepared_;
};

/// The graphs of one pass with their lengths; a graph that is named: that one alone.
/// Errors: NotFound; InvalidArgument.
std::vector<WorkOptions> works_of(const graph::Model& model, const WorkOptions& options);

}  // namespace nest::profile
