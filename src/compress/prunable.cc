#include "nest/compress/prunable.h"

#include <algorithm>

#include "nest/core/error.h"
#include "nest/graph/path.h"

namespace nest::compress {
namespace {

/// Weights of a node that are matrices of a product or a table, by their place in Node::weights.
struct Matrices {
  using Places = std::vector<std::size_t>;

  Places operator()(const graph::Conv&) const { return {0}; }
  Places operator()(const graph::Linear&) const { return {0}; }
  Places operator()(const graph::Embedding&) const { return {0}; }
  Places operator()(const graph::LocationFeatures&) const { return {0}; }
  Places operator()(const graph::Lstm& op) const { return recurrent(op); }
  Places operator()(const graph::Gru& op) const { return recurrent(op); }
  template <class O>
  Places operator()(const O&) const {
    return {};
  }

  template <class O>
  static Places recurrent(const O& op) {
    Places places;
    for (std::int64_t i = 0; i < op.num_layers * (op.bidirectional ? 2 : 1); ++i) {
      const auto first = static_cast<std::size_t>(4 * i);
      places.insert(places.end(), {first, first + 1});
    }
    return places;
  }
};

template <class T>
std::int64_t zeros_in(const Tensor& tensor) {
  const auto values = tensor.data<T>();
  return std::count(values.begin(), values.end(), T{0});
}

std::int64_t num_zeros(const Tensor& tensor) {
  return tensor.dtype() == DType::kF64 ? zeros_in<double>(tensor)
                                       : zeros_in<float>(tensor.to(DType::kF32));
}

}  // namespace

std::int64_t PrunableWeight::columns() const {
  return rows() == 0 ? 0 : numel(shape) / rows();
}

bool PrunableWeight::is_of(std::string_view layer) const {
  const auto is_its = [&](const std::string& node) { return graph::is_below(node, layer); };
  return graph::is_below(name, layer) || std::ranges::any_of(nodes, is_its);
}

std::vector<PrunableWeight> prunable_weights(const graph::Model& model) {
  std::map<std::string, PrunableWeight> found;
  for (const auto& [graph_name, graph] : model.graphs) {
    for (const graph::Node& node : graph.nodes) {
      for (const std::size_t place : std::visit(Matrices{}, node.op)) {
        const std::string& name = node.weights.at(place).name;
        if (graph::is_buffer(name)) continue;
        std::vector<std::string>& nodes = found[name].nodes;
        if (std::ranges::find(nodes, node.name) == nodes.end()) nodes.push_back(node.name);
      }
    }
  }
  std::vector<PrunableWeight> weights;
  for (graph::WeightInfo& info : graph::weight_infos(model)) {
    const auto entry = found.find(info.name);
    if (entry == found.end()) continue;
    entry->second.name = info.name;
    entry->second.shape = std::move(info.shape);
  }
  for (auto& [name, weight] : found) weights.push_back(std::move(weight));
  return weights;
}

Sparsity sparsity_of(const graph::Model& model) {
  Sparsity sparsity;
  for (const PrunableWeight& weight : prunable_weights(model)) {
    const auto values = model.weights.find(weight.name);
    require(values != model.weights.end(), ErrorCode::kNotFound, "weight '{}' is missing",
            weight.name);
    const std::int64_t zeros = num_zeros(values->second), elements = values->second.numel();
    sparsity.zeros += zeros;
    sparsity.elements += elements;
    sparsity.weights[weight.name] =
        elements == 0 ? 0 : static_cast<double>(zeros) / static_cast<double>(elements);
  }
  if (sparsity.elements > 0) {
    sparsity.overall = static_cast<double>(sparsity.zeros) / static_cast<double>(sparsity.elements);
  }
  return sparsity;
}

void apply_masks(graph::Model& model, const TensorMap& masks) {
  for (const auto& [name, mask] : masks) {
    const auto weight = model.weights.find(name);
    require(weight != model.weights.end() && weight->second.shape() == mask.shape(),
            ErrorCode::kInvalidArgument, "the mask '{}' {} fits no weight of the model", name,
            to_string(mask.shape()));
    Tensor masked = weight->second.clone();
    const std::size_t bytes = size_of(masked.dtype());
    auto* data = static_cast<std::byte*>(masked.mutable_raw());
    const auto is_kept = mask.data<bool>();
    for (std::size_t i = 0; i < is_kept.size(); ++i) {
      if (!is_kept[i]) std::fill_n(data + i * bytes, bytes, std::byte{0});
    }
    weight->second = std::move(masked);
  }
}

}  // namespace nest::compress
