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

  /// True if every item fills the whole length.
  bool is_dense() const;
  /// Items of equal length, which run as one dense batch; the shortest first.
  std::vector<std::vector<std::int64_t>> groups() const;
  /// Inputs of items of one length, cropped to it.
  TensorMap group_inputs(const std::vector<std::int64_t>& items) const;
  /// Zero outputs of the whole batch.
  TensorMap empty_outputs() const;
  void paste(const std::vector<std::int64_t>& items, const TensorMap& results,
             TensorMap& outputs) const;

 private:
  /// For so many items as long as `item`, or for one of them.
  Shape shape_of(const graph::Value& value, std::int64_t item, std::int64_t items) const;

  const graph::Graph& graph_;
  const TensorMap& inputs_;
  graph::Bindings bindings_;
  std::vector<std::int64_t> lengths_;
};

}  // namespace nest::runtime
