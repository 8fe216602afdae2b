#include "nest/profile/model_profiler.h"

#include <algorithm>
#include <map>

#include "native_run.h"
#include "nest/core/error.h"
#include "nest/graph/frames.h"

namespace nest::profile {
namespace {

/// Most bytes in use while a step of each node runs.
std::map<std::string, std::int64_t, std::less<>> live_by_node(const runtime::Session& session) {
  std::map<std::string, std::int64_t, std::less<>> live;
  for (const auto& step : session.step_memory()) {
    std::int64_t& bytes = live[std::string(step.name)];
    bytes = std::max(bytes, step.live_bytes);
  }
  return live;
}

/// Elements of every weight, and of the trainable ones.
ParameterCounts counts_of(const graph::Model& model) {
  ParameterCounts counts;
  for (const graph::WeightInfo& info : graph::weight_infos(model)) {
    counts.total += numel(info.shape);
    if (!graph::is_buffer(info.name)) counts.trainable += numel(info.shape);
  }
  counts.buffers = counts.total - counts.trainable;
  return counts;
}

void add_layers(const graph::Model& model, const Work& work, const runtime::Session& session,
                ModelProfile& profile) {
  const auto live = live_by_node(session);
  for (const graph::NodeCost& node : graph::graph_cost(model, work.graph, work.bindings).nodes) {
    LayerProfile layer{work.graph, node.name, std::string(node.kind), node.cost, node.outputs};
    const auto found = live.find(node.name);
    layer.peak_bytes = found == live.end() ? 0 : found->second;
    const std::int64_t moved =
        node.cost.input_bytes + node.cost.output_bytes + node.cost.weight_bytes;
    layer.intensity =
        moved == 0 ? 0 : static_cast<double>(node.cost.flops) / static_cast<double>(moved);
    profile.operations.macs += node.cost.macs;
    profile.operations.flops += node.cost.flops;
    profile.layers.push_back(std::move(layer));
  }
}

void add_shares(ModelProfile& profile) {
  const bool has_macs = profile.operations.macs > 0;
  const auto all =
      static_cast<double>(has_macs ? profile.operations.macs : profile.operations.flops);
  for (LayerProfile& layer : profile.layers) {
    const auto own = static_cast<double>(has_macs ? layer.cost.macs : layer.cost.flops);
    layer.share = all > 0 ? own / all : 0;
  }
}

}  // namespace

std::vector<WorkOptions> works_of(const graph::Model& model, const WorkOptions& options) {
  if (!options.graph.empty()) return {options};
  std::vector<WorkOptions> works;
  const auto add = [&](const std::string& graph, std::int64_t length) {
    if (!model.graphs.contains(graph)) return;
    WorkOptions work = options;
    work.graph = graph;
    work.length = length;
    work.steps = 1;
    works.push_back(work);
  };
  if (!model.graphs.contains("encoder")) {
    for (const auto& [name, graph] : model.graphs) add(name, options.length);
    return works;
  }
  const std::int64_t frames = graph::num_frames(model, options.length);
  require(frames >= 1, ErrorCode::kInvalidArgument,
          "`length` is {} samples, too short for a frame; the shortest is {}", options.length,
          graph::min_samples(model));
  add("encoder", options.length);
  for (const char* graph : {"ctc_head", "predictor", "joiner", "decoder_step"}) add(graph, frames);
  return works;
}

ModelProfiler::ModelProfiler(graph::Model model)
    : ModelProfiler(runtime::prepare(std::move(model))) {}

ModelProfiler::ModelProfiler(std::shared_ptr<const runtime::PreparedModel> prepared)
    : prepared_(std::move(prepared)) {}

ParameterCounts ModelProfiler::count_parameters() const {
  return counts_of(model());
}

graph::Operations ModelProfiler::count_flops(const WorkOptions& options) const {
  graph::Operations sum;
  for (const WorkOptions& each : works_of(model(), options)) {
    const Work work = make_work(model(), each);
    const graph::Cost cost = graph::total(graph::graph_cost(model(), work.graph, work.bindings));
    sum.macs += cost.macs;
    sum.flops += cost.flops;
  }
  return sum;
}

MemoryEstimate ModelProfiler::estimate_memory(const WorkOptions& options) const {
  return profile_summary(options).memory;
}

ModelProfile ModelProfiler::profile_summary(const WorkOptions& options) const {
  ModelProfile profile;
  profile.model = model().name;
  profile.works = works_of(model(), options);
  profile.parameters = count_parameters();
  for (const WorkOptions& each : profile.works) {
    const Work work = make_work(model(), each);
    const NativeRun native(prepared_, work, {});
    profile.memory.activation_bytes =
        std::max(profile.memory.activation_bytes, native.session().arena_bytes());
    add_layers(model(), work, native.session(), profile);
  }
  add_shares(profile);
  profile.memory.weight_bytes = graph::weight_bytes(model());
  profile.memory.total_bytes = profile.memory.weight_bytes + profile.memory.activation_bytes;
  profile.memory.training_bytes = 4 * 4 * profile.parameters.trainable;
  for (const LayerProfile& layer : profile.layers)
    profile.memory.training_bytes += layer.cost.output_bytes;
  return profile;
}

}  // namespace nest::profile
