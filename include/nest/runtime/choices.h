#pragma once

#include <map>

#include "nest/core/json_fwd.h"
#include "nest/runtime/isa.h"

/// What machines of an instruction set do another way where that is faster on this processor. A way
/// that is less than a tenth faster than the instruction set's own does not take its place.
///
/// Cost:  measured when first asked for, once a process: below a millisecond each.
namespace nest::runtime {

/// Ways to multiply bfloat16: two-element dot products, or floats made of the operands.
struct Bf16Choice {
  Isa kernels = Isa::kGeneric;  ///< whose product machines of an instruction set take
  std::map<Isa, double> gmacs;  ///< multiply-adds a nanosecond of every way there is
};
const Bf16Choice& bf16_choice(Isa isa);
Json to_json(const Bf16Choice& choice);

/// Ways to multiply 8-bit integers, all with the same bits: dot products, or matrix units (AMX),
/// which want many rows of activations at a time.
struct Int8Choice {
  Isa few = Isa::kGeneric;   ///< whose product machines take of fewer rows than `many_rows`
  Isa many = Isa::kGeneric;  ///< and of more
  int many_rows = 1;         ///< 1 if both are one
  /// Multiply-adds a nanosecond of both ways, by the number of rows.
  std::map<Isa, std::map<int, double>> gmacs;
};
const Int8Choice& int8_choice(Isa isa);
Json to_json(const Int8Choice& choice);

}  // namespace nest::runtime
