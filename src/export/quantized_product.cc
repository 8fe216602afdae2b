#include "quantized_product.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace nest::exports {

namespace {

constexpr float kMostCode = 127;
constexpr std::uint8_t kZeroCode = 128;  // activations are unsigned: x86 multiplies u8 by s8

float scale_of(std::span<const float> values) {
  float top = 0;
  for (const float value : values) top = std::max(top, std::fabs(value));
  return top > 0 ? top / kMostCode : 1;
}

std::int8_t code_of(float value, float scale) {
  return static_cast<std::int8_t>(std::clamp(std::nearbyint(value / scale), -kMostCode, kMostCode));
}

/// One scale a row of [rows, length], or one for all.
std::vector<float> row_scales(std::span<const float> values, std::size_t rows,
                              graph::Granularity granularity) {
  if (granularity == graph::Granularity::kPerTensor) return {scale_of(values)};
  std::vector<float> scales;
  const std::size_t length = values.size() / rows;
  for (std::size_t row = 0; row < rows; ++row)
    scales.push_back(scale_of(values.subspan(row * length, length)));
  return scales;
}

Tensor scales_tensor(const std::vector<float>& scales, graph::Granularity granularity) {
  if (granularity == graph::Granularity::kPerTensor) return Tensor::from<float>({}, scales);
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
  const Tensor floats = weight.to(DType::kF32);
  const auto values = floats.data<float>();
  const auto rows = static_cast<std::size_t>(floats.dim(0));
  const auto columns = static_cast<std::size_t>(floats.dim(1));
  const std::vector<float> scales = row_scales(values, rows, granularity);
  Codes result{Tensor(DType::kI8, {floats.dim(1), floats.dim(0)}),
               scales_tensor(scales, granularity)};
  const auto codes = result.codes.mutable_data<std::int8_t>();
  for (std::size_t row = 0; row < rows; ++row) {
    const float scale = scales[scales.size() == 1 ? 0 : row];
    for (std::size_t column = 0; column < columns; ++column)
      codes[column * rows + row] = code_of(values[row * columns + column], scale);
  }
  return result;
}

Codes kernel_codes(const Tensor& weight, graph::Granularity granularity) {
  const Tensor floats = weight.to(DType::kF32);
  const auto values = floats.data<float>();
  const auto rows = static_cast<std::size_t>(floats.dim(0));
  const std::vector<float> scales = row_scales(values, rows, granularity);
  Codes result{Tensor(DType::kI8, floats.shape()), scales_tensor(scales, granularity)};
  const auto codes = result.codes.mutable_data<std::int8_t>();
  const std::size_t length = values.size() / rows;
  for (std::size_t i = 0; i < values.size(); ++i)
    codes[i] = code_of(values[i], scales[scales.size() == 1 ? 0 : i / length]);
  return result;
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
