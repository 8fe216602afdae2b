#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <torch/types.h>

#include "nest/graph/model.h"
#include "nest/graph/node_clock.h"
#include "nest/nn/options.h"
#include "nest/nn/parameters.h"
#include "nest/nn/product_hook.h"

namespace nest::nn {

/// What nodes compute with in place of a weight, differentiable in it: a masked one, a quantized
/// one with straight-through gradients. Called once a use.
using WeightHook = std::function<torch::Tensor(std::string_view name, const torch::Tensor& weight)>;

/// Told of each node of a pass after it ran.
using NodeHook = std::function<void(std::string_view graph, const graph::Node& node)>;

/// Runs every graph of a model on LibTorch, with gradients for training.
///
/// Batches: with "lengths" given, positions behind an item's length count as zeros wherever an
/// operation mixes time, recurrent layers are packed, attention ignores them, batch statistics
/// leave them out, and outputs are zero there. A batched result equals the single results.
class TorchExecutor : public graph::Executor, public graph::NodeClock {
 public:
  /// Sums a tensor over all processes, differentiably (data-parallel batch statistics).
  using AllReduce = std::function<torch::Tensor(const torch::Tensor&)>;

  /// Copies the model's weights to the device. Errors: InvalidArgument for an unknown device or
  /// precision; Unsupported if the device is not there; DataCorrupt if weights do not fit.
  explicit TorchExecutor(graph::Model model, const TorchOptions& options = {});
  ~TorchExecutor() override;

  const graph::Model& model() const override { return model_; }
  /// Evaluation mode without gradients, whatever the training flag says.
  TensorMap run(std::string_view graph, const TensorMap& inputs) override;
  /// "torch 1.13.1 cpu fp32 2 threads"; with CUDA graphs also how many passes were recorded and
  /// replayed, and why which could not be.
  std::string describe() const override;
  std::int64_t weight_bytes() const override;

  /// Times are of forward() too; on CUDA each node is waited for.
  void time_nodes(bool is_timed) override { is_timed_ = is_timed; }
  const std::vector<graph::NodeTime>& node_times() const override { return node_times_; }

  /// Runs a graph with gradients in the mode set by set_training(). Inputs are moved to the device.
  /// Inference without gradients: wrap it in torch::NoGradGuard.
  NamedTensors forward(std::string_view graph, const NamedTensors& inputs);

  /// Train mode: dropout, batch statistics and their running averages. Starts in evaluation mode.
  /// Errors: InvalidArgument if batch norms were folded (TorchOptions::fold).
  void set_training(bool is_training);
  bool is_training() const { return training_; }

  ParameterStore& parameters() { return parameters_; }
  const ParameterStore& parameters() const { return parameters_; }
  /// The model (folded, if that was asked for) with the weights as they are now.
  graph::Model snapshot() const;

  torch::Device device() const { return parameters_.device(); }
  graph::Precision precision() const { return precision_; }
  /// Batch statistics in train mode are taken over all processes; null turns it off.
  void set_all_reduce(AllReduce all_reduce) { all_reduce_ = std::move(all_reduce); }
  /// Every pass takes its weights through the hook, snapshot() does not; null turns it off.
  void set_weight_hook(WeightHook hook) { weight_hook_ = std::move(hook); }
  /// Null turns it off.
  void set_node_hook(NodeHook hook) { node_hook_ = std::move(hook); }
  /// Every pass computes its products by the hook; null turns it off. Errors: InvalidArgument for
  /// another precision than fp32.
  void set_product_hook(std::shared_ptr<ProductHook> hook);

 private:
  class Recorder;

  graph::Model model_;
  ParameterStore parameters_;
  graph::Precision precision_ = graph::Precision::kFp32;
  bool is_folded_ = false;
  bool training_ = false;
  AllReduce all_reduce_;
  WeightHook weight_hook_;
  std::shared_ptr<ProductHook> product_hook_;
  NodeHook node_hook_;
  bool is_timed_ = false;
  std::vector<graph::NodeTime> node_times_;
  std::unique_ptr<Recorder> recorder_;  ///< null: every pass runs plainly
};

}  // namespace nest::nn
