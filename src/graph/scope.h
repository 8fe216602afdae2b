#pragma once

#include <string>
#include <vector>

#include "nest/graph/graph.h"

namespace nest::graph {

/// Adds nodes below a module path, with weights named as torch modules name them.
class Scope {
 public:
  explicit Scope(Graph& graph, std::string prefix = "")
      : graph_(&graph), prefix_(std::move(prefix)) {}

  /// A sub-module: names below it start with "<prefix><name>.".
  Scope operator[](const std::string& name) const { return Scope(*graph_, prefix_ + name + "."); }
  Graph& graph() const { return *graph_; }

  /// A node without weights; its first output.
  ValueId node(const std::string& name, Op op, std::vector<ValueId> inputs) const;
  /// A node whose weights are `<name>.<suffix>` for each suffix; every output.
  std::vector<ValueId> module(const std::string& name, Op op, std::vector<ValueId> inputs,
                              const std::vector<std::string>& suffixes) const;

  ValueId conv(const std::string& name, const Conv& op, ValueId x) const;
  ValueId batch_norm(const std::string& name, std::int64_t channels, ValueId x) const;
  ValueId layer_norm(const std::string& name, std::int64_t features, ValueId x) const;
  ValueId activate(const std::string& name, Activation function, ValueId x) const;
  ValueId dropout(const std::string& name, double p, ValueId x) const;
  ValueId add(const std::string& name, ValueId a, ValueId b) const;
  ValueId linear(const std::string& name, const Linear& op, ValueId x) const;
  /// Linear with rows [row, row + out) of packed weights "<weights>_weight" and "<weights>_bias".
  ValueId packed_linear(const std::string& name, const std::string& weights, const Linear& op,
                        std::int64_t row, ValueId x) const;
  ValueId embedding(const std::string& name, const Embedding& op, ValueId tokens) const;
  /// context, weights. `weights` are full names below the prefix.
  std::vector<ValueId> attention(const std::string& name, const Attention& op,
                                 std::vector<ValueId> inputs,
                                 const std::vector<std::string>& weights) const;
  /// y, h_n, c_n.
  std::vector<ValueId> lstm(const std::string& name, const Lstm& op,
                            std::vector<ValueId> inputs) const;
  /// y, h_n.
  std::vector<ValueId> gru(const std::string& name, const Gru& op,
                           std::vector<ValueId> inputs) const;

 private:
  Graph* graph_;
  std::string prefix_;
};

}  // namespace nest::graph
