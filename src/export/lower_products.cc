#include <algorithm>

#include "lowering.h"
#include "quantized_product.h"

/// Convolutions, batch norm, pooling, Linear, embeddings.
namespace nest::exports {

namespace {

/// x and weight. A convolution without a fixed scale multiplies floats by what the codes of its
/// weight stand for, as in the native runtime.
Names convolved(const Lowering& at) {
  if (!at.is_int8()) return {at.x(), at.weight_edge(0)};
  const std::optional<float> scale = at.activation_scale(at.node.name);
  const Codes codes = kernel_codes(at.weight(0), at.granularity());
  return {scale ? quantized(at.onnx, at.x(), *scale) : at.x(),
          dequantized(at.onnx, at.weight_name(0), codes, 0)};
}

std::string product_of(const Lowering& at) {
  if (!at.is_int8()) return at.onnx.add("MatMul", {at.x(), at.transposed_weight_edge(0)});
  return quantized_product(at.onnx, at.x(),
                           {.name = at.weight_name(0),
                            .weight = at.weight(0),
                            .granularity = at.granularity(),
                            .scale = at.activation_scale(at.node.name)});
}

}  // namespace

Names lower(const Lowering& at, const graph::Conv& op) {
  using Ints = std::vector<std::int64_t>;
  const auto over_time = [&](std::int64_t electrodes, std::int64_t time) {
    return op.is_2d ? Ints{electrodes, time} : Ints{time};
  };
  const Ints pads =
      op.is_2d ? Ints{0, op.pad_left, 0, op.pad_right} : Ints{op.pad_left, op.pad_right};
  Names inputs = convolved(at);
  if (op.has_bias) inputs.push_back(at.weight_edge(1));
  return {at.onnx.add("Conv", std::move(inputs),
                      {attribute("kernel_shape", over_time(op.kernel_s, op.kernel_t)),
                       attribute("strides", over_time(1, op.stride_t)),
                       attribute("dilations", over_time(1, op.dilation_t)), attribute("pads", pads),
                       attribute("group", op.groups)})};
}

Names lower(const Lowering& at, const graph::BatchNorm& op) {
  return {at.onnx.add(
      "BatchNormalization",
      {at.x(), at.weight_edge(0), at.weight_edge(1), at.weight_edge(2), at.weight_edge(3)},
      {attribute("epsilon", op.eps)})};
}

/// Windows along the last axis; ONNX wants a batch, a channel and at least one more axis.
Names lower(const Lowering& at, const graph::Pool& op) {
  const std::int64_t missing = std::max<std::int64_t>(0, 3 - at.rank());
  std::string x = at.x();
  for (std::int64_t i = 0; i < missing; ++i) x = at.onnx.unsqueeze(x, {0});
  std::vector<std::int64_t> kernel(static_cast<std::size_t>(at.rank() + missing - 2), 1);
  std::vector<std::int64_t> strides = kernel;
  kernel.back() = op.kernel;
  strides.back() = op.stride;
  const bool is_mean = op.kind == graph::Pool::Kind::kMean;
  std::string y = at.onnx.add(is_mean ? "AveragePool" : "MaxPool", {x},
                              {attribute("kernel_shape", kernel), attribute("strides", strides)});
  for (std::int64_t i = 0; i < missing; ++i) y = at.onnx.squeeze(y, {0});
  return {y};
}

Names lower(const Lowering& at, const graph::Linear& op) {
  const std::string product = product_of(at);
  if (!op.has_bias) return {product};
  return {at.onnx.add("Add", {product, at.weight_edge(1)})};
}

Names lower(const Lowering& at, const graph::Embedding& /*op*/) {
  return {at.onnx.add("Gather", {at.weight_edge(0), at.x()}, {attribute("axis", std::int64_t{0})})};
}

}  // namespace nest::exports
