#include "quantized_product.h"

#include <span>

#include "nest/graph/codes.h"

namespace nest::exports {

namespace {

constexpr std::uint8_t kZeroCode = 128;  // activations are unsigned: x86 multiplies u8 by s8

/// Codes row by row, a row being what one place of the first axis has.
graph::WeightCodes row_codes(const Tensor& weight, graph::Granularity granularity) {
  const Tensor floats = weight.to(DType::kF32);
  return graph::weight_codes(floats.data<float>(), floats.dim(0), floats.numel() / floats.dim(0),
                             {graph::Precision::kInt8, granularity});
}

/// By row, or the one that all share.
Tensor scales_tensor(std::span<const float> scales, graph::Granularity granularity) {
  if (granularity == graph::Granularity::kPerTensor)
    return Tensor::from<float>({}, scales.first(1));
  return Tensor::from<float>({static_cast<std::int64_t>(scales.size())}, scales);
}

std::string dynamic_product(OnnxBuilder& onnx, const std::string& x, const QuantizedProduct& by,
                            const Codes& weight) {
  const Names codes = onnx.add_many("DynamicQuantizeLinear", {x}, {true, true, true});
  const std::string product = onnx.add(
      "MatMulInteger", {codes[0], onnx.weight_as_is(by.name + ".codes", weight.codes), codes[2]});
  const std::string scale =
      onnx.add("Mul", {codes[1], onnx.weight_as_is(by.name + ".scales", weight.scales)});
  return onnx.add("Mul", {onnx.cast(product, DType::kF32), scale});
}

}  // namespace

Codes matrix_codes(const Tensor& weight, graph::Granularity granularity) {
  const graph::WeightCodes made = row_codes(weight, granularity);
  const auto rows = static_cast<std::size_t>(weight.dim(0));
  const auto columns = static_cast<std::size_t>(weight.dim(1));
  Codes result{Tensor(DType::kI8, {weight.dim(1), weight.dim(0)}),
               scales_tensor(made.scales, granularity)};
  const auto codes = result.codes.mutable_data<std::int8_t>();
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t column = 0; column < columns; ++column)
      codes[column * rows + row] = made.codes[row * columns + column];
  return result;
}

Codes kernel_codes(const Tensor& weight, graph::Granularity granularity) {
  const graph::WeightCodes made = row_codes(weight, granularity);
  return {Tensor::from<std::int8_t>(weight.shape(), made.codes),
          scales_tensor(made.scales, granularity)};
}

std::string quantized(OnnxBuilder& onnx, const std::string& x, float scale) {
  const Names parameters{onnx.number(scale), onnx.zero_code(kZeroCode)};
  const std::string codes = onnx.add("QuantizeLinear", {x, parameters[0], parameters[1]});
  return onnx.add("DequantizeLinear", {codes, parameters[0], parameters[1]});
}

std::string dequantized(OnnxBuilder& onnx, const std::string& name, const Codes& weight,
                        std::int64_t axis) {
  std::vector<OnnxAttribute> attributes;
  if (weight.scales.rank() > 0) attributes.push_back(attribute("axis", axis));
  return onnx.add("DequantizeLinear",
                  {onnx.weight_as_is(name + ".codes", weight.codes),
                   onnx.weight_as_is(name + ".scales", weight.scales)},
                  std::move(attributes));
}

std::string quantized_product(OnnxBuilder& onnx, const std::string& x, const QuantizedProduct& by) {
  const Codes weight = matrix_codes(by.weight, by.granularity);
  if (!by.scale) return dynamic_product(onnx, x, by, weight);
  return onnx.add("MatMul", {quantized(onnx, x, *by.scale), dequantized(onnx, by.name, weight, 1)});
}

}  // namespace nest::exports
