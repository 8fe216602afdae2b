#pragma once

#include <vector>

#include <torch/types.h>

#include "nest/graph/graph.h"
#include "nest/nn/executor.h"
#include "ragged.h"

namespace nest::nn {

using Tensors = std::vector<torch::Tensor>;

/// What all nodes of one pass share.
struct Pass {
  const graph::Graph& graph;
  const ParameterStore& parameters;
  Ragged ragged;
  graph::Precision precision = graph::Precision::kFp32;
  bool is_training = false;
  const TorchExecutor::AllReduce* all_reduce = nullptr;  ///< null: one process
  const WeightHook* weight_hook = nullptr;               ///< null: weights as they are
  ProductHook* product_hook = nullptr;                   ///< null: products as they are
  const NodeHook* node_hook = nullptr;                   ///< null: nobody asked

  /// The type matrix products run in; emulated on the CPU.
  torch::Tensor to_compute(const torch::Tensor& x) const;
  /// The result of a product: rounded where the type is emulated.
  torch::Tensor from_compute(const torch::Tensor& x) const { return to_compute(x); }
  /// float32 (or float64) for norms and softmax.
  torch::Tensor to_full(const torch::Tensor& x) const;
};

/// One node: its inputs (undefined where absent), its weights, and the pass.
struct OpContext {
  const Pass& pass;
  const graph::Node& node;
  Tensors inputs;

  const torch::Tensor& in(std::size_t i) const { return inputs[i]; }
  bool has(std::size_t i) const { return i < inputs.size() && inputs[i].defined(); }
  const graph::Value& in_value(std::size_t i) const { return pass.graph.value(node.inputs.at(i)); }
  const graph::Value& out_value(std::size_t i) const {
    return pass.graph.value(node.outputs.at(i));
  }
  /// Input i with zeros behind each item's end: for operations that mix time.
  torch::Tensor clean(std::size_t i) const {
    return pass.ragged.zero_padding(in_value(i), inputs[i]);
  }
  /// Weight i, rows selected; undefined if the node has fewer.
  torch::Tensor weight(std::size_t i) const;
  /// The same in the type of matrix products.
  torch::Tensor compute_weight(std::size_t i) const;
};

// One overload a node kind; outputs in the order of op.h.
Tensors evaluate(const graph::Conv& op, const OpContext& node);
Tensors evaluate(const graph::BatchNorm& op, const OpContext& node);
Tensors evaluate(const graph::Pool& op, const OpContext& node);
Tensors evaluate(const graph::Activate& op, const OpContext& node);
Tensors evaluate(const graph::Glu& op, const OpContext& node);
Tensors evaluate(const graph::Dropout& op, const OpContext& node);
Tensors evaluate(const graph::Linear& op, const OpContext& node);
Tensors evaluate(const graph::Lstm& op, const OpContext& node);
Tensors evaluate(const graph::Gru& op, const OpContext& node);
Tensors evaluate(const graph::Attention& op, const OpContext& node);
Tensors evaluate(const graph::AdditiveAttention& op, const OpContext& node);
Tensors evaluate(const graph::LocationFeatures& op, const OpContext& node);
Tensors evaluate(const graph::LayerNorm& op, const OpContext& node);
Tensors evaluate(const graph::Embedding& op, const OpContext& node);
Tensors evaluate(const graph::CountFrames& op, const OpContext& node);
Tensors evaluate(const graph::PositionalEncoding& op, const OpContext& node);
Tensors evaluate(const graph::Add& op, const OpContext& node);
Tensors evaluate(const graph::Mul& op, const OpContext& node);
Tensors evaluate(const graph::Scale& op, const OpContext& node);
Tensors evaluate(const graph::Concat& op, const OpContext& node);
Tensors evaluate(const graph::Permute& op, const OpContext& node);
Tensors evaluate(const graph::Unsqueeze& op, const OpContext& node);
Tensors evaluate(const graph::Squeeze& op, const OpContext& node);
Tensors evaluate(const graph::Slice& op, const OpContext& node);
Tensors evaluate(const graph::LogSoftmax& op, const OpContext& node);
Tensors evaluate(const graph::Softmax& op, const OpContext& node);

}  // namespace nest::nn
