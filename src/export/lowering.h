#pragma once

#include <optional>
#include <string>
#include <vector>

#include "nest/graph/model.h"
#include "onnx_builder.h"

/// Node kinds as ONNX operators: one function a kind, which returns the edges of its outputs.
namespace nest::exports {

/// One node and what surrounds it.
struct Lowering {
  OnnxBuilder& onnx;
  const graph::Model& model;
  const graph::Graph& graph;
  const graph::Node& node;
  const graph::Quantization* quantization;  ///< null: nothing is quantized
  Names inputs;                             ///< "" for an absent one
  std::vector<bool> is_used;                ///< by output: something reads it

  const std::string& x() const { return inputs.front(); }
  std::string input(std::size_t index) const { return index < inputs.size() ? inputs[index] : ""; }
  const graph::Value& value(std::size_t index) const { return graph.value(node.inputs.at(index)); }
  std::int64_t rank(std::size_t index = 0) const {
    return static_cast<std::int64_t>(value(index).shape.size());
  }
  bool is_used_at(std::size_t index) const { return index < is_used.size() && is_used[index]; }

  /// The node's weights are 8-bit codes.
  bool is_int8() const;
  graph::Granularity granularity() const;
  /// Fixed scale of what goes into one of its products (graph::product_names()), if it has one.
  std::optional<float> activation_scale(const std::string& product) const;

  /// The rows that the node's weight reference selects.
  Tensor weight(std::size_t index) const;
  /// "encoder.in_proj_weight", "encoder.in_proj_weight[0:64]"
  std::string weight_name(std::size_t index) const;
  /// The same as an initializer, also with two axes exchanged or in another shape.
  std::string weight_edge(std::size_t index) const;
  std::string transposed_weight_edge(std::size_t index) const;
  std::string reshaped_weight_edge(std::size_t index, Shape shape) const;
};

Names lower(const Lowering& at, const graph::Conv& op);
Names lower(const Lowering& at, const graph::BatchNorm& op);
Names lower(const Lowering& at, const graph::Pool& op);
Names lower(const Lowering& at, const graph::Activate& op);
Names lower(const Lowering& at, const graph::Glu& op);
Names lower(const Lowering& at, const graph::Dropout& op);
Names lower(const Lowering& at, const graph::Linear& op);
Names lower(const Lowering& at, const graph::Lstm& op);
Names lower(const Lowering& at, const graph::Gru& op);
Names lower(const Lowering& at, const graph::Attention& op);
Names lower(const Lowering& at, const graph::AdditiveAttention& op);
Names lower(const Lowering& at, const graph::LocationFeatures& op);
Names lower(const Lowering& at, const graph::LayerNorm& op);
Names lower(const Lowering& at, const graph::Embedding& op);
Names lower(const Lowering& at, const graph::CountFrames& op);
Names lower(const Lowering& at, const graph::PositionalEncoding& op);
Names lower(const Lowering& at, const graph::Add& op);
Names lower(const Lowering& at, const graph::Mul& op);
Names lower(const Lowering& at, const graph::Scale& op);
Names lower(const Lowering& at, const graph::Concat& op);
Names lower(const Lowering& at, const graph::Permute& op);
Names lower(const Lowering& at, const graph::Unsqueeze& op);
Names lower(const Lowering& at, const graph::Squeeze& op);
Names lower(const Lowering& at, const graph::Slice& op);
Names lower(const Lowering& at, const graph::LogSoftmax& op);
Names lower(const Lowering& at, const graph::Softmax& op);

}  // namespace nest::exports
