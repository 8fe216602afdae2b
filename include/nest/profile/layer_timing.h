#pragma once

#include <string>
#include <vector>

#include "nest/core/job.h"
#include "nest/core/json.h"
#include "nest/profile/work.h"
#include "nest/runtime/prepared.h"

namespace nest::profile {

/// One step of a plan, all passes of one run together.
struct LayerTime {
  std::string name;    ///< graph node
  std::string detail;  ///< what the runtime does there: "linear int8 15x512x2048"
  double p50_us = 0;   ///< median over the runs
  double executed_macs = 0;  ///< of the plan; the model's own: graph/cost.h
  double weight_bytes = 0;  ///< read, counted once a pass
};
Json to_json(const LayerTime& layer);

/// Times every step of the native plan in place, caches as they are in a real run.
class LayerTimingProfiler {
 public:
  LayerTimingProfiler(std::shared_ptr<const runtime::PreparedModel> prepared, const Work& work,
                      const runtime::MachineOptions& machine = {});
  std::vector<LayerTime> run(int runs, const Job& job = {}) const;

 private:
  std::shared_ptr<const runtime::PreparedModel> prepared_;
  Work work_;
  runtime::MachineOptions machine_;
};

/// Equal layers of a stack added up: "layers.3.linear1" counts to "layers.*.linear1" if the
/// runtime does the same there.
std::vector<LayerTime> grouped(const std::vector<LayerTime>& layers);

}  // namespace nest::profile
