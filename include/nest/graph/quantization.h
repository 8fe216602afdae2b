#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nest/core/enum.h"
#include "nest/core/json_fwd.h"

namespace nest::graph {

struct Model;
struct Node;

/// How the weights of a matrix product are stored and multiplied. Activations between layers are
/// always float.
enum class Precision : std::uint8_t {
  kFp32,
  kFp16,  ///< half-precision storage, float arithmetic
  kBf16,  ///< bfloat16 weights and activations, float sums
  kInt8,  ///< 8-bit weights and activations
  kInt4,  ///< 4-bit weights, 8-bit activations
  kFp64,  ///< of LibTorch alone; no model carries it
};
EnumTable enum_table(Precision of);  ///< "fp32", "fp16", "bf16", "int8", "int4", "fp64"
bool is_integer(Precision precision);

/// How many weights share a scale.
enum class Granularity : std::uint8_t {
  kPerTensor,
  kPerChannel,  ///< a row of a matrix, an output channel of a convolution
  kPerBlock,    ///< a row, with a multiplier for every 16 weights
};
EnumTable enum_table(Granularity of);  ///< "per_tensor", "per_channel", "per_block"

/// Weights of one layer. int8: per tensor or per channel (the default), symmetric; int4: per block,
/// the only one it has; floats have no scales.
struct LayerQuantization {
  Precision precision = Precision::kFp32;
  std::optional<Granularity> granularity = {};

  bool operator==(const LayerQuantization&) const = default;
};

/// A fixed scale of a product's activations: code c of -127 ... 127 stands for scale * c.
struct ActivationQuantization {
  float scale = 0;
  int bits = 8;

  bool operator==(const ActivationQuantization&) const = default;
};

/// What a model's numbers are; travels with the model into every file. The default is fp32.
struct Quantization {
  Precision precision = Precision::kFp32;       ///< of every matrix product that has no entry below
  std::optional<Granularity> granularity = {};  ///< of int8 weights that have no entry below
  /// By node name or its longest prefix ("temporal_encoder", "decoder.output").
  std::map<std::string, LayerQuantization, std::less<>> layers = {};
  /// By product (product_names()), from calibration or training. Products without one find a scale
  /// in every row as it comes; convolutions without one multiply floats by what their codes stand
  /// for, because a scale found in a window would not be that of the whole signal.
  std::map<std::string, ActivationQuantization, std::less<>> activations = {};

  bool operator==(const Quantization&) const = default;
};

/// The matrix products of a node that a quantization has a say in: a convolution's or Linear node's
/// own name; "<node>/l<layer>/ih" and "/hh" of recurrent layers, "l<layer>r" backwards. Others
/// (attention between activations, filters along time) have none.
std::vector<std::string> product_names(const Node& node);

/// Weights of one node: its entry or the default, with the granularity it comes to (none: floats).
LayerQuantization layer_of(const Quantization& quantization, std::string_view node);
Precision precision_of(const Quantization& quantization, std::string_view node);

/// Makes `precision` that of the whole model. Errors: InvalidArgument if layers have other ones of
/// their own, which it would not change.
void set_precision(Quantization& quantization, Precision precision);

/// Errors: InvalidArgument naming a layer or product that the model does not have and those of like
/// name that it has; for bits, scales and granularities that there are not.
void validate(const Quantization& quantization, const Model& model);

/// "int8", "int8, 2 layers of their own, 14 fixed activation scales"
std::string describe(const Quantization& quantization);

Json to_json(const Quantization& quantization);
/// Inverse of to_json(), validated against the model. Errors: DataCorrupt.
Quantization quantization_from_json(const Json& json, const Model& model);

}  // namespace nest::graph
