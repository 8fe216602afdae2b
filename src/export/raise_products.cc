#include <algorithm>
#include <numeric>

#include "nest/core/error.h"
#include "raise.h"

/// Products with weights: linear layers and convolutions; pooling, which has their windows.
namespace nest::exports {
namespace {

/// y = x W^T + b of the last axis of a view. Axes before it stay split or merged as they are.
View linear(Raise& at, const OnnxNode& node, const View& x, const Tensor& weight,
            const std::optional<Tensor>& bias, const std::string& weight_name) {
  const std::int64_t out = weight.dim(0), in = weight.dim(1);
  View base = whole_view(at.graph(), x.base);
  const auto axis = x.axes.empty() ? std::nullopt : whole_axis(at.graph(), x, x.axes.back());
  const bool is_on_base = axis && *axis == static_cast<int>(base.axes.size()) - 1;
  base.scale = x.scale;
  const graph::ValueId input = at.value(is_on_base ? base : x, node);
  const std::string name = at.name_of(node, weight_name);
  std::vector<graph::WeightRef> weights{at.add_weight(name, "weight", weight)};
  if (bias) weights.push_back(at.add_weight(name, "bias", bias->reshaped({out})));
  at.emit(node, graph::Linear{in, out, bias.has_value()}, {input}, std::move(weights));
  View y = std::get<View>(at.edge(node.outputs[0]));
  if (!is_on_base) return y;
  View made{y.base, x.axes, 1};
  made.axes.back() = y.axes.back();
  return made;
}

void gemm(Raise& at, const OnnxNode& node) {
  require(attribute_or(node, "alpha", 1.0) == 1 && attribute_or(node, "beta", 1.0) == 1 &&
              attribute_or(node, "transA", std::int64_t{0}) == 0,
          ErrorCode::kUnsupported, "it has factors or a transposed input");
  Tensor weight = at.weight(node, 1, "weight");
  if (attribute_or(node, "transB", std::int64_t{0}) == 0) weight = transposed_matrix(weight);
  std::optional<Tensor> bias;
  if (at.has_input(node, 2)) bias = at.weight(node, 2, "bias");
  at.set(node, linear(at, node, at.view(node, 0), weight, bias, node.inputs[1]));
}

/// The sum behind a product that is its bias; null if there is none.
const OnnxNode* bias_of(const Raise& at, const OnnxNode& node, std::int64_t features) {
  const OnnxNode* sum = at.only_reader(node.outputs[0]);
  if (sum == nullptr || sum->op != "Add") return nullptr;
  const std::size_t other = sum->inputs[0] == node.outputs[0] ? 1 : 0;
  const Tensor* bias = at.constant(*sum, other);
  const bool fits = bias != nullptr && bias->numel() == features && bias->rank() >= 1 &&
                    bias->dim(-1) == features;
  return fits ? sum : nullptr;
}

void matmul(Raise& at, const OnnxNode& node) {
  const Tensor* constant = at.constant(node, 1);
  if (constant == nullptr) return follow_heads(at, node);
  require(constant->rank() == 2, ErrorCode::kUnsupported, "a product with a constant {}",
          to_string(constant->shape()));
  const Tensor weight = transposed_matrix(constant->to(DType::kF32));
  const OnnxNode* sum = bias_of(at, node, weight.dim(0));
  std::optional<Tensor> bias;
  if (sum != nullptr) bias = at.weight(*sum, sum->inputs[0] == node.outputs[0] ? 1 : 0, "bias");
  const View y = linear(at, node, at.view(node, 0), weight, bias, node.inputs[1]);
  at.set(node, y);
  if (sum == nullptr) return;
  at.set(*sum, y);
  at.skip(*sum);
}

std::vector<std::int64_t> list_or(const OnnxNode& node, std::string_view name,
                                  std::vector<std::int64_t> otherwise) {
  const OnnxAttribute::Value* value = find_attribute(node, name);
  const auto* list = value == nullptr ? nullptr : std::get_if<std::vector<std::int64_t>>(value);
  return list == nullptr ? otherwise : *list;
}

/// Windows along time; the axis of electrodes, if there is one, is read whole or not at all.
struct Window {
  std::int64_t kernel_s = 1, kernel_t = 1, stride_t = 1, dilation_t = 1, left = 0, right = 0;
};

Window window_of(const OnnxNode& node, const std::vector<std::int64_t>& kernel) {
  const std::size_t axes = kernel.size();
  require(axes == 1 || axes == 2, ErrorCode::kUnsupported, "a window over {} axes", axes);
  const std::vector<std::int64_t> ones(axes, 1), zeros(2 * axes, 0);
  const auto strides = list_or(node, "strides", ones), dilations = list_or(node, "dilations", ones);
  const auto pads = list_or(node, "pads", zeros);
  require(strides.size() == axes && dilations.size() == axes && pads.size() == 2 * axes,
          ErrorCode::kDataCorrupt, "attributes of {} axes for a window of {}", strides.size(),
          axes);
  Window window{1,
                kernel[axes - 1],
                strides[axes - 1],
                dilations[axes - 1],
                pads[axes - 1],
                pads[2 * axes - 1]};
  if (axes == 2) {
    window.kernel_s = kernel[0];
    require(strides[0] == 1 && dilations[0] == 1 && pads[0] == 0 && pads[2] == 0,
            ErrorCode::kUnsupported,
            "the first axis of the window is padded, strided or dilated; only the last may be");
  }
  const std::string automatic = attribute_or(node, "auto_pad", std::string("NOTSET"));
  if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER") {
    require(window.stride_t == 1 && window.kernel_s == 1, ErrorCode::kUnsupported,
            "it is padded as its length asks for");
    const std::int64_t all = (window.kernel_t - 1) * window.dilation_t;
    window.left = automatic == "SAME_UPPER" ? all / 2 : all - all / 2;
    window.right = all - window.left;
  }
  return window;
}

void conv(Raise& at, const OnnxNode& node) {
  const Tensor weight = at.weight(node, 1, "weight");
  const Shape& shape = weight.shape();
  require(shape.size() == 3 || shape.size() == 4, ErrorCode::kUnsupported, "it has {} axes",
          shape.size() - 2);
  const Window w = window_of(node, {shape.begin() + 2, shape.end()});
  const std::int64_t groups = attribute_or(node, "group", std::int64_t{1});
  graph::Conv op{.in_channels = shape[1] * groups,
                 .out_channels = shape[0],
                 .kernel_s = w.kernel_s,
                 .kernel_t = w.kernel_t,
                 .stride_t = w.stride_t,
                 .dilation_t = w.dilation_t,
                 .pad_left = w.left,
                 .pad_right = w.right,
                 .groups = groups,
                 .has_bias = at.has_input(node, 2),
                 .is_2d = shape.size() == 4};
  const auto* padded = std::get_if<Part>(&at.input(node, 0));
  graph::ValueId x = graph::kNoValue;
  if (padded != nullptr && padded->kind == Part::Kind::kPadded) {
    op.pad_left += padded->begin;
    op.pad_right += padded->end;
    x = at.value(padded->x, node);
  } else {
    x = at.value(node, 0);
  }
  const std::string name = at.name_of(node, node.inputs[1]);
  std::vector<graph::WeightRef> weights{at.add_weight(name, "weight", weight)};
  if (op.has_bias) weights.push_back(at.add_weight(name, "bias", at.weight(node, 2, "bias")));
  at.emit(node, op, {x}, std::move(weights));
}

template <graph::Pool::Kind kKind>
void pool(Raise& at, const OnnxNode& node) {
  const Window w = window_of(node, list_or(node, "kernel_shape", {}));
  require(w.kernel_s == 1 && w.left == 0 && w.right == 0 && w.dilation_t == 1 &&
              attribute_or(node, "ceil_mode", std::int64_t{0}) == 0,
          ErrorCode::kUnsupported, "it is padded, dilated, over two axes or rounded up");
  at.emit(node, graph::Pool{kKind, w.kernel_t, w.stride_t}, {at.value(node, 0)});
}

}  // namespace

Follow follow_products(std::string_view op) {
  static const std::map<std::string_view, Follow> kFollow{
      {"MatMul", matmul},
      {"Gemm", gemm},
      {"Conv", conv},
      {"AveragePool", pool<graph::Pool::Kind::kMean>},
      {"MaxPool", pool<graph::Pool::Kind::kMax>}};
  const auto found = kFollow.find(op);
  return found == kFollow.end() ? nullptr : found->second;
}

}  // namespace nest::exports
