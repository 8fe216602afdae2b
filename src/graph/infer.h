#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "nest/core/error.h"
#include "nest/graph/graph.h"

/// Shape inference by node kind; infer() dispatches. Axes come in as the op names them.
namespace nest::graph {

using Inputs = std::vector<const Value*>;
using Outputs = std::vector<Inferred>;

/// The inputs of one node with the checks that every kind shares.
class InputReader {
 public:
  explicit InputReader(const Inputs& inputs) : inputs_(inputs) {}

  /// Errors: InvalidArgument unless the number of inputs is in [least, most].
  void expect_count(std::size_t least, std::size_t most) const;
  /// Errors: InvalidArgument if absent, of another type, or of another number of axes (rank -1:
  /// any).
  const Value& at(std::size_t index, std::string_view role, int rank,
                  DType dtype = DType::kF32) const;
  /// Null if absent; else as at().
  const Value* maybe(std::size_t index, std::string_view role, int rank,
                     DType dtype = DType::kF32) const;

 private:
  const Inputs& inputs_;
};

/// Errors: InvalidArgument "<role> has shape ..., axis <axis> (<what>) must be <expected>".
void expect_axis(const Value& value, std::string_view role, std::size_t axis, std::string_view what,
                 const Dim& expected);
/// Non-negative axis. Errors: InvalidArgument if out of [-rank, rank).
int normalize_axis(int axis, std::size_t rank);

Outputs infer_conv(const Conv& op, const Inputs& inputs);
struct RecurrentSizes {
  std::int64_t input = 0;
  std::int64_t hidden = 0;
  std::int64_t layers = 1;
  std::int64_t directions = 1;
  bool has_cell = false;
};
Outputs infer_recurrent(const RecurrentSizes& sizes, const Inputs& inputs);
Outputs infer_attention(const Attention& op, const Inputs& inputs);
Outputs infer_additive(const AdditiveAttention& op, const Inputs& inputs);
Outputs infer_location(const LocationFeatures& op, const Inputs& inputs);
Outputs infer_embedding(const Embedding& op, const Inputs& inputs);
Outputs infer_count(const CountFrames& op, const Inputs& inputs);
Outputs infer_positional(const PositionalEncoding& op, const Inputs& inputs);

Outputs infer_broadcast(const Inputs& inputs);
Outputs infer_concat(const Concat& op, const Inputs& inputs);
Outputs infer_permute(const Permute& op, const Inputs& inputs);
Outputs infer_unsqueeze(const Unsqueeze& op, const Inputs& inputs);
Outputs infer_squeeze(const Squeeze& op, const Inputs& inputs);
Outputs infer_slice(const Slice& op, const Inputs& inputs);

}  // namespace nest::graph
