#include "nest/train/training_memory.h"

#include <algorithm>
#include <atomic>

#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>
#include <torch/torch.h>

#include "nest/core/error.h"
#include "nest/core/rng.h"
#include "nest/graph/frames.h"
#include "nest/nn/executor.h"
#include "nest/train/batch.h"
#include "nest/train/objective.h"
#include "nest/train/optimizer.h"

namespace nest::train {
namespace {

constexpr std::int64_t kTargetTokens = 5;

/// Hears of every allocation of LibTorch on the threads that work for this one. The numbers that it
/// does not use have other types in other versions.
class AllocationCount final : public c10::MemoryReportingInfoBase {
 public:
  void reportMemoryUsage(void*, std::int64_t bytes, std::int64_t, std::int64_t, c10::Device) {
    add(bytes);
  }
  void reportMemoryUsage(void*, std::int64_t bytes, std::size_t, std::size_t, c10::Device) {
    add(bytes);
  }
  bool memoryProfilingEnabled() const override { return true; }

  std::int64_t now() const { return now_; }
  std::int64_t peak() const { return peak_; }

 private:
  void add(std::int64_t bytes) {
    const std::int64_t now = now_ += bytes;
    for (std::int64_t peak = peak_; now > peak && !peak_.compare_exchange_weak(peak, now);)
      continue;
  }
  std::atomic<std::int64_t> now_ = 0;
  std::atomic<std::int64_t> peak_ = 0;
};

Batch random_batch(const graph::Model& model, const profile::WorkOptions& work) {
  const graph::Graph& encoder = model.graph("encoder");
  const std::int64_t channels = encoder.value(encoder.input("eeg_data").value).shape[1].constant();
  const auto words = static_cast<std::uint64_t>(std::max<std::int64_t>(2, model.vocabulary.size));
  Rng rng(3);
  std::vector<Example> examples;
  for (std::int64_t b = 0; b < work.batch; ++b) {
    Example example;
    example.id = std::to_string(b);
    example.signal = Tensor(DType::kF32, {channels, work.length});
    for (float& x : example.signal.mutable_data<float>()) x = static_cast<float>(rng.normal());
    for (std::int64_t t = 0; t < kTargetTokens; ++t)
      example.tokens.push_back(1 + static_cast<std::int64_t>(rng.below(words - 1)));
    examples.push_back(std::move(example));
  }
  return make_batch(examples);
}

std::int64_t bytes_of(const torch::Tensor& tensor) {
  return tensor.defined() ? tensor.numel() * static_cast<std::int64_t>(tensor.element_size()) : 0;
}

/// By layer what stays allocated behind it: the difference to the node before.
class LayerCount {
 public:
  explicit LayerCount(const AllocationCount& count) : count_(count), before_(count.now()) {}

  void operator()(std::string_view graph, const graph::Node& node) {
    const std::int64_t now = count_.now();
    const std::string key = fmt::format("{} {}", graph, node.name);
    const auto [found, is_new] = index_.emplace(key, layers_.size());
    if (is_new) layers_.push_back({std::string(graph), node.name});
    layers_[found->second].kept_bytes += now - before_;
    before_ = now;
  }
  std::vector<profile::TrainingMemory::Layer> layers() const { return layers_; }

 private:
  const AllocationCount& count_;
  std::int64_t before_;
  std::map<std::string, std::size_t> index_;
  std::vector<profile::TrainingMemory::Layer> layers_;
};

void add_output_bytes(const graph::Model& model, const profile::WorkOptions& work,
                      std::vector<profile::TrainingMemory::Layer>& layers) {
  const std::int64_t frames = graph::num_frames(model, work.length);
  for (profile::TrainingMemory::Layer& layer : layers) {
    const graph::Graph& graph = model.graph(layer.graph);
    const graph::Bindings lengths{{"B", work.batch},
                                  {"T", layer.graph == "encoder" ? work.length : frames},
                                  {"U", kTargetTokens + 1}};
    for (const graph::Node& node : graph.nodes) {
      if (node.name != layer.name) continue;
      for (const graph::ValueId id : node.outputs) {
        std::int64_t bytes = static_cast<std::int64_t>(size_of(graph.value(id).dtype));
        for (const graph::Dim& dim : graph.value(id).shape) bytes *= dim.eval(lengths);
        layer.output_bytes += bytes;
      }
    }
  }
}

}  // namespace

profile::TrainingMemory measure_training_memory(const graph::Model& model,
                                                const profile::WorkOptions& work) {
  require(model.graphs.contains("encoder"), ErrorCode::kInvalidArgument,
          "model '{}' has no encoder, so it has no signals to train on", model.name);
  profile::TrainingMemory memory;
  const auto count = std::make_shared<AllocationCount>();
  const c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE, count);
  nn::TorchExecutor executor(model);
  memory.weight_bytes = executor.weight_bytes();
  executor.set_training(true);
  const Batch batch = random_batch(model, work);
  const std::int64_t before = count->now();
  Optimizer optimizer(executor.parameters(), {});
  memory.optimizer_bytes = count->now() - before;
  LayerCount layers(*count);
  executor.set_node_hook(std::ref(layers));
  compute_loss(executor, batch).sum.backward();
  executor.set_node_hook(nullptr);
  for (const torch::Tensor& weight : executor.parameters().trainable())
    memory.gradient_bytes += bytes_of(weight.grad());
  optimizer.step(1e-3);
  memory.measured_bytes = count->peak();
  memory.layers = layers.layers();
  add_output_bytes(model, work, memory.layers);
  return memory;
}

}  // namespace nest::train
