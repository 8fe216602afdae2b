#include "runtime/lower.h"

#include <map>

#include "nest/core/error.h"
#include "nest/graph/rewrite.h"
#include "runtime/prepared_version5.h"

namespace nest::runtime {
namespace {

LoweredWeight resolve(const graph::WeightRef& ref, const Shape& needed, const TensorMap& weights) {
  const auto found = weights.find(ref.name);
  const Tensor tensor = found == weights.end() ? Tensor() : found->second;
  return {
      needed, [tensor, ref, needed] {
        require(tensor.defined(), ErrorCode::kNotFound, "weight '{}' is missing", ref.name);
        const Tensor full = tensor.to(DType::kF32);
        const auto data = full.data<float>();
        const std::int64_t rows = full.rank() == 0 ? 1 : full.dim(0);
        const std::int64_t each = rows == 0 ? 0 : full.numel() / rows;
        const std::int64_t end = ref.row_end == 0 ? rows : ref.row_end;
        require(ref.row_begin >= 0 && end <= rows && (end - ref.row_begin) * each == numel(needed),
                ErrorCode::kInvalidArgument, "weight '{}' {} does not fit {}", ref.name,
                to_string(full.shape()), to_string(needed));
        return std::vector<float>(data.begin() + ref.row_begin * each, data.begin() + end * each);
      }};
}

/// w' and b' of a folded convolution. Weights may be missing where the packed ones are at hand.
std::vector<LoweredWeight> resolve(const graph::BatchNormFold& fold,
                                   const std::vector<Shape>& shapes, const TensorMap& weights) {
  TensorMap used;
  std::vector<std::string> names(fold.statistics.begin(), fold.statistics.end());
  names.push_back(fold.weight);
  if (fold.had_bias) names.push_back(fold.bias);
  for (const std::string& name : names) {
    if (const auto found = weights.find(name); found != weights.end()) used.insert(*found);
  }
  const auto floats = [](const Tensor& tensor) {
    const Tensor narrow = tensor.to(DType::kF32);
    const auto data = narrow.data<float>();
    return std::vector<float>(data.begin(), data.end());
  };
  return {{shapes.at(0), [=] { return floats(graph::folded_weights(fold, used).weight); }},
          {shapes.at(1), [=] { return floats(graph::folded_weights(fold, used).bias); }}};
}

float scale_of(const graph::Quantization& quantization, const std::string& product) {
  const auto found = quantization.activations.find(product);
  return found == quantization.activations.end() ? 0 : found->second.scale;
}

/// Filters of a convolution that is not fp32 become what their codes stand for. A file of before
/// version 5 has no codes of them, but all that is made of them.
void round_filters(LoweredNode& node, bool has_weights, WeightStore& store) {
  if (!std::holds_alternative<graph::Conv>(node.op) ||
      node.quantization.precision == graph::Precision::kFp32)
    return;
  const std::string key =
      fmt::format("{}/filters:{}", node.name, name_of(node.quantization.precision));
  const bool has_rows = store.find(key).data != nullptr || store.has_old(old_rows_key(key));
  if (!has_weights && !has_rows) return;
  LoweredWeight& filters = node.weights.at(0);
  filters.unrounded = filters.values;
  filters.values = floats_of_rows(store, key, node.quantization, filters.shape, filters.unrounded);
}

/// Nodes whose output is their input's memory.
bool is_view(const graph::Op& op) {
  return std::holds_alternative<graph::Dropout>(op) || std::holds_alternative<graph::Squeeze>(op) ||
         std::holds_alternative<graph::Unsqueeze>(op);
}

}  // namespace

graph::ValueId Lowered::root(graph::ValueId value) const {
  while (value != graph::kNoValue && same_as[static_cast<std::size_t>(value)] != value) {
    value = same_as[static_cast<std::size_t>(value)];
  }
  return value;
}

int Lowered::producer(graph::ValueId value) const {
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].is_removed) continue;
    for (const graph::ValueId output : nodes[i].outputs) {
      if (output == value) return static_cast<int>(i);
    }
  }
  return -1;
}

void Lowered::count_uses(const graph::Graph& graph) {
  uses.assign(values.size(), 0);
  for (const LoweredNode& node : nodes) {
    if (node.is_removed) continue;
    for (const graph::ValueId input : node.inputs) {
      if (input != graph::kNoValue) ++uses[static_cast<std::size_t>(input)];
    }
    if (node.residual != graph::kNoValue) ++uses[static_cast<std::size_t>(node.residual)];
  }
  for (const graph::Port& port : graph.outputs)
    uses[static_cast<std::size_t>(root(port.value))] += 2;
}

Lowered lower(const graph::Model& model, const graph::Graph& graph, const PrepareOptions& options,
              bool is_observed, WeightStore& store) {
  Lowered lowered;
  lowered.values = graph.values;
  for (std::size_t i = 0; i < graph.values.size(); ++i) {
    lowered.same_as.push_back(static_cast<graph::ValueId>(i));
  }
  graph::Graph folded = graph;  // the same value ids
  std::map<std::string, graph::BatchNormFold> folds;
  if (options.rewrite) {
    for (graph::BatchNormFold& fold : graph::fold_batch_norm(folded)) {
      lowered.notes.push_back("folded " + fold.norm + " into " + fold.conv);
      folds.emplace(fold.conv, std::move(fold));
    }
  }
  for (const graph::Node& node : folded.nodes) {
    if (is_view(node.op)) {
      lowered.same_as[static_cast<std::size_t>(node.outputs[0])] = lowered.root(node.inputs[0]);
      continue;
    }
    LoweredNode made;
    made.name = node.name;
    made.op = node.op;
    made.inputs = node.inputs;
    made.outputs = node.outputs;
    const std::vector<Shape> shapes = graph::weight_shapes(node.op);
    if (const auto fold = folds.find(node.name); fold != folds.end()) {
      made.weights = resolve(fold->second, shapes, model.weights);
    }
    for (std::size_t i = made.weights.size(); i < node.weights.size(); ++i) {
      made.weights.push_back(resolve(node.weights[i], shapes.at(i), model.weights));
    }
    made.quantization = graph::layer_of(model.quantization, node.name);
    made.activation_scale = scale_of(model.quantization, node.name);
    round_filters(made, !model.weights.empty(), store);
    lowered.nodes.push_back(std::move(made));
  }
  if (options.rewrite) {
    for (const auto pass : {reorder_spatial_filters, use_time_major, pool_before_activation,
                            fuse_epilogues, join_projections, fuse_norms}) {
      if (is_observed && pass == join_projections) continue;
      lowered.count_uses(graph);
      pass(lowered);
    }
  }
  std::erase_if(lowered.nodes, [](const LoweredNode& node) { return node.is_removed; });
  lowered.count_uses(graph);
  return lowered;
}

}  // namespace nest::runtime
