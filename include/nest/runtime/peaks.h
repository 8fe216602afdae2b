#pragma once

#include <cstddef>

#include "nest/core/json_fwd.h"
#include "nest/runtime/isa.h"

namespace nest::runtime {

/// What this machine reaches with the kernels of one instruction set, one thread. The best of many
/// short tries.
struct Peaks {
  double f32_gmacs = 0;  ///< multiply-adds a nanosecond, operands in the first-level cache
  double bf16_gmacs = 0;
  double s8_gmacs = 0;
};
Peaks measure_peaks(Isa isa);
Json to_json(const Peaks& peaks);

/// Bytes a nanosecond at which weights of this many bytes are read by a one-row product, over and
/// over: what bounds a model whose weights are so large.
double measure_weight_reading(Isa isa, std::size_t bytes);

}  // namespace nest::runtime
