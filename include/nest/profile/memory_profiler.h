#pragma once

#include <cstdint>
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

/// Compares the plan with what a run does.
class MemoryProfiler {
 public:
  explicit MemoryProfiler(std::shared_ptr<const runtime::PreparedModel> prepared);
  /// Errors: those of make_work().
  MemoryProfile inference(const WorkOptions& options) const;

 private:
  std::shared_ptr<const runtime::PreparedModel> prepared_;
};

}  // namespace nest::profile
