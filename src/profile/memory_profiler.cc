#include "nest/profile/memory_profiler.h"

#include <algorithm>
#include <fstream>

#include <fmt/format.h>
#include <unistd.h>

#include "native_run.h"
#include "nest/core/json.h"
#include "profile/megabytes.h"

namespace nest::profile {
namespace {

/// Resident memory of this process now; 0 where the system does not say.
std::int64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::int64_t pages = 0, resident = 0;
  return statm >> pages >> resident ? resident * ::sysconf(_SC_PAGESIZE) : 0;
}

}  // namespace

Json to_json(const MemoryProfile& profile) {
  Json json{{"graph", profile.graph},
            {"weight_bytes", profile.weight_bytes},
            {"planned_bytes", profile.planned_bytes},
            {"measured_bytes", profile.measured_bytes},
            {"least_bytes", profile.least_bytes},
            {"resident_bytes", profile.resident_bytes}};
  json["layers"] = Json::array();
  for (const auto& layer : profile.layers) {
    json["layers"].push_back(
        {{"name", layer.name}, {"detail", layer.detail}, {"live_bytes", layer.live_bytes}});
  }
  return json;
}

std::string memory_text(const MemoryProfile& p) {
  return fmt::format(
      "memory of graph {}: planned {:.3f} MB, measured {:.3f} MB ({:+.2f} %), the least possible "
      "{:.3f} MB; weights {:.3f} MB; the process grew by {:.3f} MB\n",
      p.graph, mb(p.planned_bytes), mb(p.measured_bytes),
      100 * (static_cast<double>(p.measured_bytes) /
                 static_cast<double>(std::max<std::int64_t>(1, p.planned_bytes)) -
             1),
      mb(p.least_bytes), mb(p.weight_bytes), mb(p.resident_bytes));
}

MemoryProfiler::MemoryProfiler(std::shared_ptr<const runtime::PreparedModel> prepared)
    : prepared_(std::move(prepared)) {}

MemoryProfile MemoryProfiler::inference(const WorkOptions& options) const {
  const Work work = make_work(prepared_->model(), options);
  MemoryProfile profile;
  profile.graph = work.graph;
  profile.weight_bytes = static_cast<std::int64_t>(prepared_->weight_bytes());
  const std::int64_t before = resident_bytes();
  NativeRun native(prepared_, work, {});
  native.once([](const runtime::Session&) {});
  profile.resident_bytes = std::max<std::int64_t>(0, resident_bytes() - before);
  profile.planned_bytes = native.session().arena_bytes();
  profile.measured_bytes = native.session().measure_arena();
  for (const auto& step : native.session().step_memory()) {
    profile.layers.push_back({std::string(step.name), std::string(step.detail), step.live_bytes});
    profile.least_bytes = std::max(profile.least_bytes, step.live_bytes);
  }
  return profile;
}

}  // namespace nest::profile
