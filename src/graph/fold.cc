#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <variant>

#include "nest/core/error.h"
#include "nest/graph/rewrite.h"

namespace nest::graph {

namespace {

const Tensor& find_weight(const TensorMap& weights, const std::string& name) {
  const auto found = weights.find(name);
  require(found != weights.end(), ErrorCode::kNotFound, "weight '{}' is missing", name);
  return found->second;
}

std::vector<double> as_doubles(const TensorMap& weights, const std::string& name) {
  const Tensor tensor = find_weight(weights, name).to(DType::kF64);
  const std::span<const double> values = tensor.data<double>();
  return {values.begin(), values.end()};
}

/// How often each value is read, graph outputs included.
std::map<ValueId, int> count_readers(const Graph& graph) {
  std::map<ValueId, int> readers;
  for (const Node& node : graph.nodes) {
    for (const ValueId id : node.inputs) ++readers[id];
  }
  for (const Port& port : graph.outputs) ++readers[port.value];
  return readers;
}

std::map<std::string, int> count_weight_uses(const Graph& graph) {
  std::map<std::string, int> uses;
  for (const Node& node : graph.nodes) {
    for (const WeightRef& weight : node.weights) ++uses[weight.name];
  }
  return uses;
}

/// The convolution whose output only `norm` reads; null if there is none.
Node* foldable_source(Graph& graph, const Node& norm, const std::map<ValueId, int>& readers,
                      const std::map<std::string, int>& uses) {
  for (Node& node : graph.nodes) {
    if (node.outputs.empty() || node.outputs[0] != norm.inputs[0]) continue;
    bool is_free = std::holds_alternative<Conv>(node.op) && readers.at(norm.inputs[0]) == 1;
    for (const Node* user : {static_cast<const Node*>(&node), &norm}) {
      for (const WeightRef& weight : user->weights) {
        is_free = is_free && uses.at(weight.name) == 1 && weight.row_end == 0;
      }
    }
    return is_free ? &node : nullptr;
  }
  return nullptr;
}

void fold_into(Node& source, const Node& norm, TensorMap& weights) {
  Conv& conv = std::get<Conv>(source.op);
  const BatchNorm& batch_norm = std::get<BatchNorm>(norm.op);
  const std::vector<double> gamma = as_doubles(weights, norm.weights[0].name);
  const std::vector<double> beta = as_doubles(weights, norm.weights[1].name);
  const std::vector<double> mean = as_doubles(weights, norm.weights[2].name);
  const std::vector<double> variance = as_doubles(weights, norm.weights[3].name);
  const std::string weight_name = source.weights[0].name;
  const DType dtype = find_weight(weights, weight_name).dtype();
  Tensor weight = find_weight(weights, weight_name).to(DType::kF64).clone();
  const std::span<double> taps = weight.mutable_data<double>();
  const auto channels = static_cast<std::size_t>(conv.out_channels);
  require(gamma.size() == channels && taps.size() % channels == 0, ErrorCode::kInvalidArgument,
          "node '{}': weights do not have {} channels", source.name, channels);
  std::vector<double> bias(channels, 0.0);
  if (conv.has_bias) bias = as_doubles(weights, source.weights[1].name);
  const std::size_t row = taps.size() / channels;
  for (std::size_t c = 0; c < channels; ++c) {
    const double scale = gamma[c] / std::sqrt(variance[c] + batch_norm.eps);
    for (std::size_t i = 0; i < row; ++i) taps[c * row + i] *= scale;
    bias[c] = (bias[c] - mean[c]) * scale + beta[c];
  }
  if (!conv.has_bias) {
    conv.has_bias = true;
    source.weights.push_back({source.name + ".bias"});
  }
  weights[weight_name] = weight.to(dtype);
  weights[source.weights[1].name] = Tensor::from<double>({conv.out_channels}, bias).to(dtype);
  for (const WeightRef& removed : norm.weights) weights.erase(removed.name);
}

}  // namespace

void compact(Graph& graph) {
  std::vector<bool> is_used(graph.values.size(), false);
  const auto mark = [&](ValueId id) {
    if (id != kNoValue) is_used.at(static_cast<std::size_t>(id)) = true;
  };
  for (const Port& port : graph.inputs) mark(port.value);
  for (const Port& port : graph.outputs) mark(port.value);
  for (const Node& node : graph.nodes) {
    for (const ValueId id : node.inputs) mark(id);
    for (const ValueId id : node.outputs) mark(id);
  }
  std::vector<ValueId> renumbered(graph.values.size(), kNoValue);
  std::vector<Value> kept;
  for (std::size_t i = 0; i < graph.values.size(); ++i) {
    if (!is_used[i]) continue;
    renumbered[i] = static_cast<ValueId>(kept.size());
    kept.push_back(std::move(graph.values[i]));
  }
  graph.values = std::move(kept);
  const auto renumber = [&](ValueId& id) {
    if (id != kNoValue) id = renumbered[static_cast<std::size_t>(id)];
  };
  for (Port& port : graph.inputs) renumber(port.value);
  for (Port& port : graph.outputs) renumber(port.value);
  for (Node& node : graph.nodes) {
    for (ValueId& id : node.inputs) renumber(id);
    for (ValueId& id : node.outputs) renumber(id);
  }
}

int fold_batch_norm(Graph& graph, TensorMap& weights) {
  const std::map<std::string, int> uses = count_weight_uses(graph);
  const std::map<ValueId, int> readers = count_readers(graph);
  std::set<std::string> folded;
  for (const Node& node : graph.nodes) {
    if (!std::holds_alternative<BatchNorm>(node.op)) continue;
    Node* source = foldable_source(graph, node, readers, uses);
    if (source == nullptr) continue;
    fold_into(*source, node, weights);
    source->outputs = node.outputs;
    folded.insert(node.name);
  }
  std::erase_if(graph.nodes, [&](const Node& node) { return folded.contains(node.name); });
  compact(graph);
  validate(graph);
  return static_cast<int>(folded.size());
}

int fold_batch_norm(Model& model) {
  std::map<std::string, int> graphs_using;
  for (const auto& [name, graph] : model.graphs) {
    for (const std::string& weight : graph.weight_names()) ++graphs_using[weight];
  }
  int count = 0;
  for (auto& [name, graph] : model.graphs) {
    const std::vector<std::string> names = graph.weight_names();
    const bool is_shared = std::any_of(names.begin(), names.end(), [&](const std::string& weight) {
      return graphs_using[weight] > 1;
    });
    if (!is_shared) count += fold_batch_norm(graph, model.weights);
  }
  return count;
}

}  // namespace nest::graph
