#include <algorithm>
#include <mutex>

#include <fmt/format.h>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/profile/memory_profiler.h"
#include "nest/profile/model_profiler.h"
#include "profile/megabytes.h"

namespace nest::profile {
namespace {

struct Registry {
  std::mutex mutex;
  TrainingMeter meter;
};

Registry& registry() {
  static Registry instance;
  return instance;
}

}  // namespace

void register_training_meter(TrainingMeter meter) {
  const std::lock_guard lock(registry().mutex);
  registry().meter = std::move(meter);
}

TrainingMemory MemoryProfiler::training(const graph::Model& model, const WorkOptions& work) {
  TrainingMeter meter;
  {
    const std::lock_guard lock(registry().mutex);
    meter = registry().meter;
  }
  require(meter != nullptr, ErrorCode::kUnsupported,
          "training needs LibTorch, which this program does not link; nest-torch does");
  WorkOptions whole = work;
  whole.graph.clear();
  TrainingMemory memory = meter(model, whole);
  memory.estimated_bytes = ModelProfiler(model).estimate_memory(whole).training_bytes;
  return memory;
}

Json to_json(const TrainingMemory& m) {
  Json layers = Json::array();
  for (const TrainingMemory::Layer& layer : m.layers)
    layers.push_back({{"graph", layer.graph},
                      {"name", layer.name},
                      {"output_bytes", layer.output_bytes},
                      {"kept_bytes", layer.kept_bytes}});
  return {{"weight_bytes", m.weight_bytes},       {"gradient_bytes", m.gradient_bytes},
          {"optimizer_bytes", m.optimizer_bytes}, {"estimated_bytes", m.estimated_bytes},
          {"measured_bytes", m.measured_bytes},   {"layers", layers}};
}

std::string training_text(const TrainingMemory& m) {
  std::string text = fmt::format(
      "a step of training: {:.3f} MB measured, {:.3f} MB estimated (weights {:.3f}, gradients "
      "{:.3f}, optimizer {:.3f})\n  {:>12} {:>12}\n",
      mb(m.measured_bytes), mb(m.estimated_bytes), mb(m.weight_bytes), mb(m.gradient_bytes),
      mb(m.optimizer_bytes), "output B", "kept B");
  for (const TrainingMemory::Layer& layer : m.layers) {
    if (layer.output_bytes == 0 && layer.kept_bytes == 0) continue;
    text += fmt::format("  {:>12} {:>12}  {} {}\n", layer.output_bytes, layer.kept_bytes,
                        layer.graph, layer.name);
  }
  return text;
}

}  // namespace nest::profile
