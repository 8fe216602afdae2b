#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "nest/core/flags.h"
#include "nest/core/json_fwd.h"

namespace nest::runtime {

/// How weights are stored and multiplied. Activations between layers are always float.
enum class Precision : std::uint8_t {
  kF32,
  kF16,   ///< half-precision storage, float arithmetic
  kBF16,  ///< bfloat16 weights and activations, float sums
  kI8,    ///< 8-bit weights with a scale a row; activations to 8 bits, row by row
  kI4,    ///< 4-bit weights with a scale for 32 of them; activations as for kI8
};

/// "fp32", "fp16", "bf16", "int8", "int4"
std::string_view name_of(Precision precision);
/// Errors: InvalidArgument that lists the names.
Precision precision_from_name(std::string_view name);

/// How a model is prepared for the native runtime.
struct Options {
  std::string precision = "fp32";  ///< of every matrix product that has no entry below
  /// By node name or its longest prefix ("temporal_encoder", "decoder.output"): a precision.
  std::map<std::string, std::string, std::less<>> layers;
  /// Scales of 8-bit activations by product, from calibration (activation_scales()): a code stands
  /// for scale * (-127 … 127). Products without one find a scale in every row; convolutions without
  /// one stay fp32, because a scale found in a window would not be that of the whole signal.
  std::map<std::string, float, std::less<>> activation_scales;
  bool record_activations = false;  ///< keep the largest magnitude that goes into each product
  std::string isa;                  ///< empty: NEST_ISA or the strongest there is
  int threads = 1;                  ///< 0: all cores
  int spin_us = 200;                ///< how long an idle worker spins before it sleeps
  bool pin_threads = false;
  bool sparse = true;    ///< skip blocks of zeros in weights that have enough of them
  bool rewrite = true;   ///< fold, reorder and fuse; off to compare
  bool profile = false;  ///< time every step
};
void register_flags(Flags& flags, Options& options);
/// Errors: InvalidArgument.
void validate(const Options& options);
Json to_json(const Options& options);
/// Inverse of to_json(). Errors: DataCorrupt.
Options options_from_json(const Json& json);

/// Precision of one node under the options.
Precision precision_of(const Options& options, std::string_view node);

}  // namespace nest::runtime
