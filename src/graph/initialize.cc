#include <cmath>
#include <set>
#include <variant>

#include "nest/core/error.h"
#include "nest/graph/code_rows.h"
#include "nest/graph/factory.h"

namespace nest::graph {

namespace {

void fill_uniform(Tensor& tensor, double bound, Rng& rng) {
  for (float& value : tensor.mutable_data<float>()) {
    value = static_cast<float>(rng.uniform(-bound, bound));
  }
}

void fill_normal(Tensor& tensor, Rng& rng) {
  for (float& value : tensor.mutable_data<float>()) value = static_cast<float>(rng.normal());
}

void fill_constant(Tensor& tensor, float constant) {
  for (float& value : tensor.mutable_data<float>()) value = constant;
}

/// sin and cos of position / 10000^(2i / D), computed in float as torch does.
void fill_positions(Tensor& table) {
  const std::int64_t features = table.dim(2);
  const std::span<float> values = table.mutable_data<float>();
  const auto step = static_cast<float>(-std::log(10000.0) / static_cast<double>(features));
  for (std::int64_t position = 0; position < table.dim(1); ++position) {
    for (std::int64_t i = 0; i < features; ++i) {
      const float frequency = std::exp(static_cast<float>(i - i % 2) * step);
      const float angle = static_cast<float>(position) * frequency;
      values[static_cast<std::size_t>(position * features + i)] =
          i % 2 == 0 ? std::sin(angle) : std::cos(angle);
    }
  }
}

/// torch.nn defaults by node kind, for weight `index` of the node.
struct Filler {
  Tensor& tensor;
  std::size_t index;
  Rng& rng;

  void by_fan_in(std::int64_t fan_in) const {
    fill_uniform(tensor, 1 / std::sqrt(static_cast<double>(fan_in)), rng);
  }
  void operator()(const Conv& op) const {
    by_fan_in(op.in_channels / op.groups * op.kernel_s * op.kernel_t);
  }
  void operator()(const BatchNorm&) const {
    constexpr std::size_t kWeight = 0;
    constexpr std::size_t kVariance = 3;
    if (tensor.dtype() != DType::kF32) return;  // the counter starts at zero
    fill_constant(tensor, index == kWeight || index == kVariance ? 1.0F : 0.0F);
  }
  void operator()(const Linear& op) const { by_fan_in(op.in_features); }
  void operator()(const Lstm& op) const { by_fan_in(op.hidden_size); }
  void operator()(const Gru& op) const { by_fan_in(op.hidden_size); }
  void operator()(const Attention&) const { fill_normal(tensor, rng); }
  void operator()(const AdditiveAttention& op) const { by_fan_in(op.hidden); }
  void operator()(const LocationFeatures& op) const { by_fan_in(op.kernel); }
  void operator()(const LayerNorm&) const { fill_constant(tensor, index == 0 ? 1.0F : 0.0F); }
  void operator()(const Embedding&) const { fill_normal(tensor, rng); }
  void operator()(const PositionalEncoding&) const { fill_positions(tensor); }
  template <class O>
  void operator()(const O&) const {
    fail(ErrorCode::kInternal, "a node kind without weights has a weight");
  }
};

/// torch.nn.MultiheadAttention: Xavier for the packed projection, zero biases. True if `name` is
/// one of its weights.
bool fill_packed_attention(const std::string& name, Tensor& tensor, const TensorMap& weights,
                           Rng& rng) {
  constexpr std::string_view kPacked = "in_proj_weight";
  constexpr std::string_view kOutBias = "out_proj.bias";
  if (name.ends_with(kPacked)) {
    fill_uniform(tensor, std::sqrt(6.0 / static_cast<double>(tensor.dim(0) + tensor.dim(1))), rng);
    return true;
  }
  const bool is_packed_bias = name.ends_with("in_proj_bias");
  const bool is_out_bias =
      name.ends_with(kOutBias) &&
      weights.contains(name.substr(0, name.size() - kOutBias.size()) + std::string(kPacked));
  if (is_packed_bias || is_out_bias) fill_constant(tensor, 0);
  return is_packed_bias || is_out_bias;
}

}  // namespace

void initialize_weights(Model& model, Rng& rng) {
  // Each weight has its own stream, so that a change in one layer leaves the others alone.
  const std::uint64_t seed = rng();
  model.weights.clear();
  for (const WeightInfo& info : weight_infos(model)) {
    model.weights.emplace(info.name, Tensor(info.dtype, info.shape));
  }
  std::set<std::string_view> done;
  for (const auto& [graph_name, graph] : model.graphs) {
    for (const Node& node : graph.nodes) {
      for (std::size_t i = 0; i < node.weights.size(); ++i) {
        const std::string& name = node.weights[i].name;
        if (!done.insert(name).second) continue;
        Tensor& tensor = model.weights.find(name)->second;
        Rng stream(seed, name);
        if (const auto preset = model.presets.find(name); preset != model.presets.end()) {
          tensor = preset->second.clone();
          continue;
        }
        if (fill_packed_attention(name, tensor, model.weights, stream)) continue;
        std::visit(Filler{tensor, i, stream}, node.op);
      }
    }
  }
}

TensorMap positional_tables(const Model& model) {
  TensorMap tables;
  for (const auto& [graph_name, graph] : model.graphs) {
    for (const Node& node : graph.nodes) {
      if (!std::holds_alternative<PositionalEncoding>(node.op)) continue;
      const auto [made, is_new] = tables.emplace(node.weights.at(0).name,
                                                 Tensor(DType::kF32, weight_shapes(node.op).at(0)));
      if (is_new) fill_positions(made->second);
    }
  }
  return tables;
}

void load_weights(Model& model, const TensorMap& state_dict) {
  const std::vector<WeightInfo> infos = weight_infos(model);
  std::string problems = weight_problems(infos, state_dict);
  std::set<std::string_view> known;
  for (const WeightInfo& info : infos) known.insert(info.name);
  for (const auto& [name, tensor] : state_dict) {
    if (!known.contains(name)) {
      problems += fmt::format("\n  extra: {} {}", name, to_string(tensor.shape()));
    }
  }
  require(problems.empty(), ErrorCode::kDataCorrupt, "the state dict does not fit model '{}':{}",
          model.name, problems);
  model.weights = state_dict;
}

}  // namespace nest::graph
