#include "nest/graph/quantization.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "nest/core/error.h"
#include "nest/core/suggest.h"
#include "nest/graph/codes.h"
#include "nest/graph/model.h"
#include "nest/graph/path.h"

namespace nest::graph {
namespace {

constexpr int kActivationBits = 8;

/// Products of `op` that a quantization has a say in, by what follows the node's name.
struct Products {
  std::vector<std::string> operator()(const Conv&) const { return {""}; }
  std::vector<std::string> operator()(const Linear&) const { return {""}; }
  std::vector<std::string> operator()(const Lstm& op) const { return recurrent(op); }
  std::vector<std::string> operator()(const Gru& op) const { return recurrent(op); }
  template <class O>
  std::vector<std::string> operator()(const O&) const {
    return {};
  }

  template <class O>
  static std::vector<std::string> recurrent(const O& op) {
    std::vector<std::string> names;
    for (std::int64_t layer = 0; layer < op.num_layers; ++layer) {
      for (const char* direction : {"", "r"}) {
        if (*direction != '\0' && !op.bidirectional) continue;
        for (const char* weights : {"ih", "hh"})
          names.push_back(fmt::format("/l{}{}/{}", layer, direction, weights));
      }
    }
    return names;
  }
};

/// The few names most like `wanted`.
std::string like_names(std::string_view wanted, const std::set<std::string, std::less<>>& names) {
  constexpr std::size_t kShown = 4, kLongest = 200;
  std::vector<std::pair<std::size_t, std::string_view>> near;
  for (const std::string& name : names)
    near.emplace_back(name_distance(wanted.substr(0, kLongest), name), name);
  std::ranges::sort(near);
  std::string text;
  for (std::size_t i = 0; i < std::min(kShown, near.size()); ++i)
    text += (i == 0 ? "" : ", ") + std::string(near[i].second);
  return text.empty() ? "none" : text;
}

void check_layer(const LayerQuantization& layer, std::string_view what) {
  require(layer.precision != Precision::kFp64, ErrorCode::kInvalidArgument,
          "{}: fp64 is for LibTorch alone, no model carries it", what);
  if (!layer.granularity) return;
  const Granularity granularity = *layer.granularity;
  const bool fits = layer.precision == Precision::kInt4   ? granularity == Granularity::kPerBlock
                    : layer.precision == Precision::kInt8 ? granularity != Granularity::kPerBlock
                                                          : false;
  require(
      fits, ErrorCode::kInvalidArgument,
      "{}: {} weights have no scales {}; int8 has them per_tensor or per_channel, int4 per_block",
      what, name_of(layer.precision), name_of(granularity));
}

/// What can be wrong whatever the model is.
void check(const Quantization& quantization) {
  check_layer({quantization.precision}, "quantization");
  require(quantization.granularity != Granularity::kPerBlock, ErrorCode::kInvalidArgument,
          "quantization: int8 weights have scales per_tensor or per_channel, not per_block");
  for (const auto& [name, layer] : quantization.layers) {
    require(!name.empty(), ErrorCode::kInvalidArgument,
            "quantization: a layer without a name; the default precision is that of the model");
    check_layer(layer, name);
  }
  for (const auto& [product, activation] : quantization.activations) {
    require(std::isfinite(activation.scale) && activation.scale > 0, ErrorCode::kInvalidArgument,
            "activation scale of '{}' is {}, must be above 0", product, activation.scale);
    require(activation.bits == kActivationBits, ErrorCode::kInvalidArgument,
            "activations of '{}' have {} bits; {} bits are supported", product, activation.bits,
            kActivationBits);
  }
}

}  // namespace

EnumTable enum_table(Precision /*of*/) {
  static constexpr EnumName kNames[] = {{Precision::kFp32, "fp32"}, {Precision::kFp16, "fp16"},
                                        {Precision::kBf16, "bf16"}, {Precision::kInt8, "int8"},
                                        {Precision::kInt4, "int4"}, {Precision::kFp64, "fp64"}};
  return {"precision", kNames};
}

bool is_integer(Precision precision) {
  return precision == Precision::kInt8 || precision == Precision::kInt4;
}

EnumTable enum_table(Granularity /*of*/) {
  static constexpr EnumName kNames[] = {{Granularity::kPerTensor, "per_tensor"},
                                        {Granularity::kPerChannel, "per_channel"},
                                        {Granularity::kPerBlock, "per_block"}};
  return {"granularity", kNames};
}

std::vector<std::string> product_names(const Node& node) {
  std::vector<std::string> names = std::visit(Products{}, node.op);
  for (std::string& name : names) name.insert(0, node.name);
  return names;
}

LayerQuantization layer_of(const Quantization& quantization, std::string_view node) {
  LayerQuantization best{quantization.precision};
  if (best.precision == Precision::kInt8) best.granularity = quantization.granularity;
  std::size_t length = 0;
  for (const auto& [prefix, layer] : quantization.layers) {
    if (!is_below(node, prefix) || prefix.size() < length) continue;
    best = layer;
    length = prefix.size();
  }
  if (!best.granularity && best.precision == Precision::kInt8)
    best.granularity = Granularity::kPerChannel;
  if (best.precision == Precision::kInt4) best.granularity = Granularity::kPerBlock;
  return best;
}

Precision precision_of(const Quantization& quantization, std::string_view node) {
  return layer_of(quantization, node).precision;
}

void set_precision(Quantization& quantization, Precision precision) {
  check_layer({precision}, "quantization");
  for (const auto& [name, layer] : quantization.layers) {
    require(layer.precision == precision, ErrorCode::kInvalidArgument,
            "the model has precisions of its own by layer ('{}': {}), which {} for all would not "
            "change; leave the precision to the model",
            name, name_of(layer.precision), name_of(precision));
  }
  quantization.precision = precision;
}

void validate(const Quantization& quantization, const Model& model) {
  check(quantization);
  std::set<std::string, std::less<>> nodes, products;
  for (const auto& [graph_name, graph] : model.graphs) {
    for (const Node& node : graph.nodes) {
      const std::vector<std::string> names = product_names(node);
      if (has_precision(node)) nodes.insert(node.name);
      products.insert(names.begin(), names.end());
    }
  }
  for (const auto& [name, layer] : quantization.layers) {
    const auto is_its = [&](const std::string& node) { return is_below(node, name); };
    require(std::ranges::any_of(nodes, is_its), ErrorCode::kInvalidArgument,
            "the model has no layer '{}' with a matrix product; of like name: {}", name,
            like_names(name, nodes));
  }
  for (const auto& [name, activation] : quantization.activations) {
    require(products.contains(name), ErrorCode::kInvalidArgument,
            "there is an activation scale for '{}', but no such product in the model; of like "
            "name: {}",
            name, like_names(name, products));
  }
}

std::string describe(const Quantization& quantization) {
  std::string text(name_of(quantization.precision));
  if (quantization.granularity) text += fmt::format(" {}", name_of(*quantization.granularity));
  const auto count = [&](std::size_t n, std::string_view one, std::string_view more) {
    if (n > 0) text += fmt::format(", {} {}", n, n == 1 ? one : more);
  };
  count(quantization.layers.size(), "layer of its own", "layers of their own");
  count(quantization.activations.size(), "fixed activation scale", "fixed activation scales");
  return text;
}

}  // namespace nest::graph
