#include "lowering.h"

#include <cstring>

#include <fmt/format.h>

#include "nest/core/error.h"

namespace nest::exports {

namespace {

/// [a, b] -> [b, a] of floats.
Tensor transposed(const Tensor& matrix) {
  const Tensor from = matrix.to(DType::kF32);
  const auto rows = static_cast<std::size_t>(from.dim(0));
  const auto columns = static_cast<std::size_t>(from.dim(1));
  Tensor to(DType::kF32, {from.dim(1), from.dim(0)});
  const auto in = from.data<float>();
  const auto out = to.mutable_data<float>();
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < columns; ++j) out[j * rows + i] = in[i * columns + j];
  return to;
}

}  // namespace

bool Lowering::is_int8() const {
  return quantization != nullptr &&
         graph::precision_of(*quantization, node.name) == graph::Precision::kInt8;
}

graph::Granularity Lowering::granularity() const {
  return graph::layer_of(*quantization, node.name)
      .granularity.value_or(graph::Granularity::kPerChannel);
}

std::optional<float> Lowering::activation_scale(const std::string& product) const {
  const auto found = quantization->activations.find(product);
  if (found == quantization->activations.end()) return std::nullopt;
  return found->second.scale;
}

Tensor Lowering::weight(std::size_t index) const {
  const graph::WeightRef& reference = node.weights.at(index);
  const auto found = model.weights.find(reference.name);
  require(found != model.weights.end(), ErrorCode::kNotFound, "weight '{}' is missing",
          reference.name);
  const Tensor& whole = found->second;
  if (reference.row_end == 0) return whole;
  Shape shape = whole.shape();
  const std::size_t row = whole.nbytes() / static_cast<std::size_t>(shape.at(0));
  shape[0] = reference.row_end - reference.row_begin;
  Tensor rows(whole.dtype(), shape);
  std::memcpy(rows.mutable_raw(),
              static_cast<const std::byte*>(whole.raw()) +
                  row * static_cast<std::size_t>(reference.row_begin),
              rows.nbytes());
  return rows;
}

std::string Lowering::weight_name(std::size_t index) const {
  const graph::WeightRef& reference = node.weights.at(index);
  if (reference.row_end == 0) return reference.name;
  return fmt::format("{}[{}:{}]", reference.name, reference.row_begin, reference.row_end);
}

std::string Lowering::weight_edge(std::size_t index) const {
  return onnx.weight(weight_name(index), weight(index));
}

std::string Lowering::transposed_weight_edge(std::size_t index) const {
  return onnx.weight(weight_name(index) + ".T", transposed(weight(index)));
}

std::string Lowering::reshaped_weight_edge(std::size_t index, Shape shape) const {
  return onnx.weight(weight_name(index) + to_string(shape), weight(index).reshaped(shape));
}

}  // namespace nest::exports
