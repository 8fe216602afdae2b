#include "nest/train/fake_quantization.h"

#include <algorithm>

#include <torch/types.h>

#include "fake_product.h"
#include "nest/core/error.h"
#include "nest/graph/codes.h"

namespace nest::train {
namespace {

using graph::LayerQuantization;
using graph::Precision;

/// What an observed scale keeps of itself in a step.
constexpr float kMomentum = 0.95f;

TensorMap zeros_by_product(const graph::Quantization& quantization) {
  TensorMap zeros;
  for (const auto& [product, activation] : quantization.activations)
    zeros.emplace(product, Tensor::from<float>({}, {0.0f}));
  return zeros;
}

OptimizerOptions of_scales() {
  OptimizerOptions options;
  options.weight_decay = 0;
  options.clip_norm = 0;
  return options;
}

bool is_pointwise(const graph::Conv& op) {
  return !op.is_2d && op.groups == 1 && op.kernel_t == 1 && op.stride_t == 1 && op.pad_left == 0 &&
         op.pad_right == 0;
}

/// What does not end a stretch of nodes between two transpositions.
bool works_time_major(const graph::Op& op) {
  const auto* conv = std::get_if<graph::Conv>(&op);
  return (conv != nullptr && !conv->is_2d && conv->stride_t == 1 && conv->dilation_t == 1) ||
         std::holds_alternative<graph::Glu>(op) || std::holds_alternative<graph::Activate>(op) ||
         std::holds_alternative<graph::BatchNorm>(op) || std::holds_alternative<graph::Dropout>(op);
}

/// True if `node` lies behind a transposition of time and channels and such nodes alone.
bool follows_transposition(const graph::Graph& graph, const graph::Node& node) {
  const auto made = std::ranges::find_if(graph.nodes, [&](const graph::Node& other) {
    return std::ranges::find(other.outputs, node.inputs.at(0)) != other.outputs.end();
  });
  if (made == graph.nodes.end()) return false;
  if (const auto* permute = std::get_if<graph::Permute>(&made->op))
    return permute->order == std::vector<int>{0, 2, 1};
  return works_time_major(made->op) && follows_transposition(graph, *made);
}

/// Convolutions that the runtime computes as Linear products, frame by frame.
std::set<std::string, std::less<>> linear_convolutions(const graph::Model& model) {
  std::set<std::string, std::less<>> names;
  for (const auto& [name, graph] : model.graphs) {
    for (const graph::Node& node : graph.nodes) {
      const auto* conv = std::get_if<graph::Conv>(&node.op);
      if (conv != nullptr && is_pointwise(*conv) && follows_transposition(graph, node))
        names.insert(node.name);
    }
  }
  return names;
}

torch::Tensor as_matrix(const torch::Tensor& weight) {
  return weight.reshape({weight.size(0), -1});
}

}  // namespace

bool is_quantized(const graph::Model& model) {
  const auto is_narrow = [&](const graph::Node& node) {
    return graph::has_precision(node) &&
           graph::precision_of(model.quantization, node.name) != Precision::kFp32;
  };
  return std::ranges::any_of(model.graphs, [&](const auto& entry) {
    return std::ranges::any_of(entry.second.nodes, is_narrow);
  });
}

FakeQuantization::FakeQuantization(const graph::Model& model, compress::ActivationScales scales)
    : quantization_(model.quantization),
      linear_convolutions_(linear_convolutions(model)),
      kind_(scales),
      logarithms_(zeros_by_product(quantization_), torch::kCPU, torch::kFloat32),
      optimizer_(logarithms_, of_scales()) {
  require(is_quantized(model), ErrorCode::kInvalidArgument,
          "model '{}' has no layer in fewer bits; quantize it before it is trained with them",
          model.name);
}

torch::Tensor FakeQuantization::scale_of(const std::string& product) const {
  const auto found = quantization_.activations.find(product);
  if (found == quantization_.activations.end()) return {};
  const torch::Tensor first = torch::full({}, found->second.scale);
  return kind_ == compress::ActivationScales::kLearned ? first * torch::exp(logarithms_.at(product))
                                                       : first;
}

/// Training passes alone: others run without gradients.
void FakeQuantization::observe(const std::string& product, const torch::Tensor& x) {
  if (kind_ != compress::ActivationScales::kObserved || !torch::GradMode::is_enabled()) return;
  const torch::Tensor values = x.detach().to(torch::kCPU, torch::kFloat32).contiguous();
  const std::int64_t width = values.size(-1), rows = width == 0 ? 0 : values.numel() / width;
  statistics_.observe(statistics_.number_of(product),
                      {values.data_ptr<float>(), rows, width, width});
}

nn::Product FakeQuantization::product_of(const std::string& product, const torch::Tensor& weight,
                                         const LayerQuantization& how) {
  if (how.precision == Precision::kFp32) return nullptr;
  if (!graph::is_integer(how.precision)) {
    const bool is_bf16 = how.precision == Precision::kBf16;
    return [is_bf16, w = rounded_values(weight, how)](const torch::Tensor& x) {
      return torch::linear(is_bf16 ? rounded_to_bf16(x) : x, w);
    };
  }
  return [this, product, scale = scale_of(product),
          w = round_weight(weight, how)](const torch::Tensor& x) {
    observe(product, x);
    return multiply(scale.defined() ? round_with(x, scale.to(x.device())) : round_rows(x), w);
  };
}

nn::Product FakeQuantization::linear(const graph::Node& node, const std::string& product,
                                     const torch::Tensor& weight) {
  return product_of(product, weight, graph::layer_of(quantization_, node.name));
}

nn::Product FakeQuantization::convolution(const graph::Node& node, const torch::Tensor& weight,
                                          const Convolve& convolve) {
  const auto& op = std::get<graph::Conv>(node.op);
  const LayerQuantization layer = graph::layer_of(quantization_, node.name);
  if (linear_convolutions_.contains(node.name)) {
    const nn::Product by_frame = product_of(node.name, as_matrix(weight), layer);
    if (!by_frame) return nullptr;
    return
        [by_frame](const torch::Tensor& x) { return by_frame(x.transpose(1, 2)).transpose(1, 2); };
  }
  if (layer.precision == Precision::kFp32) return nullptr;
  const torch::Tensor scale = scale_of(node.name);
  const LayerQuantization how =
      graph::conv_quantization(op, layer, scale.defined() ? scale.item<float>() : 0);
  // Files keep filters as the layer says; what bytes multiply is made of those.
  const torch::Tensor stored = rounded_values(as_matrix(weight), layer);
  if (!graph::is_integer(how.precision)) {
    return [convolve, filters = stored.reshape(weight.sizes())](const torch::Tensor& x) {
      return convolve(x, filters);
    };
  }
  return [this, scale, convolve, name = node.name, shape = weight.sizes().vec(),
          w = round_weight(stored, how)](const torch::Tensor& x) {
    observe(name, x);
    const RoundedActivations rounded = round_with(x, scale.to(x.device()));
    const torch::ScalarType type = type_of_sums(w.codes.size(1));
    const torch::Tensor sums =
        convolve(rounded.codes.to(type), w.codes.reshape(shape).to(type)).to(torch::kFloat32);
    std::vector<std::int64_t> by_channel(static_cast<std::size_t>(sums.dim()), 1);
    by_channel[1] = sums.size(1);
    return sums * (w.scales * rounded.scale).reshape(by_channel);
  };
}

torch::Tensor FakeQuantization::table(const graph::Node& node, const torch::Tensor& weight) {
  const LayerQuantization how = graph::layer_of(quantization_, node.name);
  return how.precision == Precision::kFp32 ? weight : rounded_values(weight, how);
}

void FakeQuantization::step(double learning_rate) {
  if (kind_ == compress::ActivationScales::kLearned) optimizer_.step(learning_rate);
  if (kind_ != compress::ActivationScales::kObserved) return;
  for (const auto& [product, seen] : statistics_.scales()) {
    const auto known = quantization_.activations.find(product);
    if (known == quantization_.activations.end()) continue;
    float& scale = known->second.scale;
    scale = kMomentum * scale + (1 - kMomentum) * seen.scale;
  }
  statistics_.clear();
}

graph::Quantization FakeQuantization::quantization() const {
  const torch::NoGradGuard no_grad;
  graph::Quantization now = quantization_;
  for (auto& [product, activation] : now.activations)
    activation.scale = scale_of(product).item<float>();
  return now;
}

}  // namespace nest::train
