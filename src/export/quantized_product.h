#pragma once

#include <optional>
#include <string>

#include "nest/graph/quantization.h"
#include "onnx_builder.h"

/// Matrix products of 8-bit codes.
namespace nest::exports {

/// A weight as codes of -127 ... 127 and what one of them stands for.
struct Codes {
  Tensor codes;   ///< int8, [k, n] of a matrix; as it came otherwise
  Tensor scales;  ///< [n], or [] if all share one
};
/// Codes of a matrix [n, k], transposed, by row or for all: those of the native runtime.
Codes matrix_codes(const Tensor& weight, graph::Granularity granularity);
/// Codes of a convolution's weight by its first axis or for all.
Codes kernel_codes(const Tensor& weight, graph::Granularity granularity);

/// x [..., k] times a weight [n, k]: what a quantized Linear is without its bias.
struct QuantizedProduct {
  std::string name;  ///< of its constants
  Tensor weight;
  graph::Granularity granularity = graph::Granularity::kPerChannel;
  std::optional<float> scale;  ///< of x; none: found in x as it comes
};

/// With a fixed scale as QuantizeLinear, DequantizeLinear and MatMul, which every runtime
/// understands; else as DynamicQuantizeLinear and MatMulInteger.
std::string quantized_product(OnnxBuilder& onnx, const std::string& x, const QuantizedProduct& by);

/// x as 8-bit codes of a fixed scale and back: what a runtime takes away and computes with codes.
std::string quantized(OnnxBuilder& onnx, const std::string& x, float scale);
/// A weight that is stored as codes.
std::string dequantized(OnnxBuilder& onnx, const std::string& name, const Codes& weight,
                        std::int64_t axis);

}  // namespace nest::exports
