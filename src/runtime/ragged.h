#pragma once

#include <cstdint>
#include <vector>

#include "nest/graph/graph.h"

namespace nest::runtime {

/// A padded batch whose items have their own lengths, taken apart and put together again.
class RaggedBatch {
 public:
  /// `lengths` int64 [B] in units of T. Errors: InvalidArgument.
  RaggedBatch(const graph::Graph& graph, const TensorMap& inputs, const Tensor& lengths);

  std::int64_t size() const { return static_cast<std::int64_t>(lengths_.size()); }
  /// True if every item fills the whole length.
  bool is_dense() const;
  /// Inputs of one item, cropped to its length.
  TensorMap item_inputs(std::int64_t item) const;
  /// Zero outputs of the whole batch.
  TensorMap empty_outputs() const;
  void paste(std::int64_t item, const TensorMap& results, TensorMap& outputs) const;

 private:
  Shape shape_of(const graph::Value& value, std::int64_t item) const;

  const graph::Graph& graph_;
  const TensorMap& inputs_;
  graph::Bindings bindings_;
  std::vector<std::int64_t> lengths_;
};

}  // namespace nest::runtime
