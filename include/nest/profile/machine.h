#pragma once

#include "nest/core/isa.h"
#include "nest/core/json.h"

namespace nest::profile {

/// This machine as far as the runtime's speed depends on it: {"cpu", "cpu_family", "cores", "isa",
/// "isa_selected", "bf16_product", "int8_product", "int4_weights", "sparse_weights", "cache_bytes",
/// "memory", "memory_available"}. What the system does not tell is "" or 0; products are measured
/// (runtime/choices.h, runtime/int4_choice.h, runtime/sparse_choice.h). Errors: Unsupported if
/// NEST_ISA forces an instruction set that does not run here.
Json machine_json();

/// What the kernels of an instruction set reach here at most: runtime::measure_peaks() and, as
/// "weight_reading_gb_s", the speed at which 1 to 64 MB of weights are read. Takes some seconds.
Json peaks_json(Isa isa);

/// Processes that wanted to run, mean of the last minute; -1 if the system does not tell.
double load_average();

}  // namespace nest::profile
