#pragma once

#include <map>

#include "nest/core/json_fwd.h"
#include "nest/runtime/isa.h"

namespace nest::runtime {

/// Ways to multiply bfloat16: two-element dot products, or floats made of the operands. Which of
/// them is faster differs between processors of one instruction set, so it is measured.
struct Bf16Choice {
  Isa kernels = Isa::kGeneric;  ///< whose product machines of an instruction set take
  std::map<Isa, double> gmacs;  ///< multiply-adds a nanosecond of every way there is
};
/// Measured when first asked for, once a process: below a millisecond. A way that is less than a
/// tenth faster than the instruction set's own does not take its place.
const Bf16Choice& bf16_choice(Isa isa);
Json to_json(const Bf16Choice& choice);

}  // namespace nest::runtime
