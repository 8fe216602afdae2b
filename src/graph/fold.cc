#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <variant>

#include "nest/core/error.h"
#include "nest/graph/rewrite.h"

namespace nest::graph {

namespace {

std::vector<double> as_doubles(const TensorMap& weights, const std::string& name) {
  const auto found = weights.find(name);
  require(found != weights.end(), ErrorCode::kNotFound, "weight '{}' is missing", name);
  const Tensor tensor = found->second.to(DType::kF64);
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

BatchNormFold describe(const Node& source, const Node& norm) {
  const Conv& conv = std::get<Conv>(source.op);
  BatchNormFold fold;
  fold.conv = source.name;
  fold.norm = norm.name;
  fold.weight = source.weights[0].name;
  fold.bias = conv.has_bias ? source.weights[1].name : source.name + ".bias";
  fold.had_bias = conv.has_bias;
  fold.channels = conv.out_channels;
  fold.eps = std::get<BatchNorm>(norm.op).eps;
  for (std::size_t i = 0; i < fold.statistics.size(); ++i) {
    fold.statistics[i] = norm.weights[i].name;
  }
  fold.counter = norm.weights[4].name;
  return fold;
}

/// Names that the fold takes from a state dict.
std::set<std::string> names_of(const BatchNormFold& fold) {
  std::set<std::string> names(fold.statistics.begin(), fold.statistics.end());
  names.insert({fold.weight, fold.counter});
  if (fold.had_bias) names.insert(fold.bias);
  return names;
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

std::vector<BatchNormFold> fold_batch_norm(
    Graph& graph, const std::function<bool(const BatchNormFold&)>& accept) {
  const std::map<std::string, int> uses = count_weight_uses(graph);
  const std::map<ValueId, int> readers = count_readers(graph);
  std::vector<BatchNormFold> folds;
  std::set<std::string> folded;
  for (const Node& node : graph.nodes) {
    if (!std::holds_alternative<BatchNorm>(node.op)) continue;
    Node* source = foldable_source(graph, node, readers, uses);
    if (source == nullptr) continue;
    BatchNormFold fold = describe(*source, node);
    if (accept && !accept(fold)) continue;
    if (!fold.had_bias) source->weights.push_back({fold.bias});
    std::get<Conv>(source->op).has_bias = true;
    source->outputs = node.outputs;
    folded.insert(node.name);
    folds.push_back(std::move(fold));
  }
  std::erase_if(graph.nodes, [&](const Node& node) { return folded.contains(node.name); });
  return folds;
}

FoldedWeights folded_weights(const BatchNormFold& fold, const TensorMap& weights) {
  std::array<std::vector<double>, 4> statistics;
  for (std::size_t i = 0; i < statistics.size(); ++i) {
    statistics[i] = as_doubles(weights, fold.statistics[i]);
  }
  const auto& [gamma, beta, mean, variance] = statistics;
  const auto channels = static_cast<std::size_t>(fold.channels);
  std::vector<double> taps = as_doubles(weights, fold.weight);
  std::vector<double> bias(channels, 0.0);
  if (fold.had_bias) bias = as_doubles(weights, fold.bias);
  require(gamma.size() == channels && beta.size() == channels && mean.size() == channels &&
              variance.size() == channels && bias.size() == channels && taps.size() % channels == 0,
          ErrorCode::kInvalidArgument, "weights of '{}' and '{}' do not have {} channels",
          fold.conv, fold.norm, channels);
  const std::size_t row = taps.size() / channels;
  for (std::size_t c = 0; c < channels; ++c) {
    const double scale = gamma[c] / std::sqrt(variance[c] + fold.eps);
    for (std::size_t i = 0; i < row; ++i) taps[c * row + i] *= scale;
    bias[c] = (bias[c] - mean[c]) * scale + beta[c];
  }
  const Shape& shape = weights.find(fold.weight)->second.shape();
  return {Tensor::from<double>(shape, taps), Tensor::from<double>({fold.channels}, bias)};
}

namespace {

/// The folds that every graph with one of their weights makes in the same way.
std::vector<BatchNormFold> common_folds(const Model& model) {
  std::map<std::string, std::vector<const std::string*>> graphs_using;
  std::map<std::string, std::vector<BatchNormFold>> folds_of;
  for (const auto& [name, graph] : model.graphs) {
    for (const std::string& weight : graph.weight_names()) graphs_using[weight].push_back(&name);
    Graph trial = graph;
    folds_of[name] = fold_batch_norm(trial);
  }
  std::vector<BatchNormFold> common;
  for (const auto& [name, folds] : folds_of) {
    for (const BatchNormFold& fold : folds) {
      bool is_common = std::find(common.begin(), common.end(), fold) == common.end();
      for (const std::string& weight : names_of(fold)) {
        for (const std::string* user : graphs_using.at(weight)) {
          const std::vector<BatchNormFold>& others = folds_of.at(*user);
          is_common = is_common && std::find(others.begin(), others.end(), fold) != others.end();
        }
      }
      if (is_common) common.push_back(fold);
    }
  }
  return common;
}

}  // namespace

int fold_batch_norm(Model& model) {
  const std::vector<BatchNormFold> folds = common_folds(model);
  for (const BatchNormFold& fold : folds) {
    const FoldedWeights made = folded_weights(fold, model.weights);
    const DType dtype = model.weights.find(fold.weight)->second.dtype();
    model.weights[fold.weight] = made.weight.to(dtype);
    model.weights[fold.bias] = made.bias.to(dtype);
    for (const std::string& name : fold.statistics) model.weights.erase(name);
    model.weights.erase(fold.counter);
  }
  for (auto& [name, graph] : model.graphs) {
    fold_batch_norm(graph, [&](const BatchNormFold& fold) {
      return std::find(folds.begin(), folds.end(), fold) != folds.end();
    });
    compact(graph);
    validate(graph);
  }
  return static_cast<int>(folds.size());
}

}  // namespace nest::graph
