#pragma once

#include <map>
#include <string>
#include <vector>

#include <torch/types.h>

#include "nest/graph/graph.h"

namespace nest::nn {

/// Item lengths of a padded batch, for any value of a graph.
///
/// Built from "lengths"; a value's own length is its shape[time_axis] evaluated with the item's T.
/// Inactive (all queries say "full") if no lengths were given or all of them equal the padded T.
class Ragged {
 public:
  Ragged() = default;
  /// Errors: InvalidArgument for a graph without a time axis, or a length outside [1, T].
  Ragged(const graph::Graph& graph, const graph::Bindings& bindings, const torch::Tensor& lengths);

  bool is_active() const { return active_; }
  /// True if items differ in this value's length.
  bool applies_to(const graph::Value& value) const;
  /// Length of each item along the value's time axis. Requires applies_to(value).
  /// Errors: InvalidArgument if an item is too short to give one frame.
  const std::vector<std::int64_t>& lengths_of(const graph::Value& value) const;
  /// bool [B, frames]: true at positions inside the item, on `device`.
  torch::Tensor valid(const graph::Value& value, std::int64_t frames, torch::Device device) const;
  /// The same mask shaped to broadcast over `x`: [B, 1, ..., frames, ..., 1].
  torch::Tensor valid_like(const graph::Value& value, const torch::Tensor& x) const;
  /// x with zeros behind every item's end; x itself if that changes nothing.
  torch::Tensor zero_padding(const graph::Value& value, const torch::Tensor& x) const;

 private:
  bool active_ = false;
  std::string symbol_;
  graph::Bindings bindings_;
  std::vector<std::int64_t> lengths_;
  mutable std::map<std::string, std::vector<std::int64_t>> by_dim_;
  mutable std::map<std::pair<std::string, std::int64_t>, torch::Tensor> masks_;
};

}  // namespace nest::nn
