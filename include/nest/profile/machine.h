#pragma once

#include "nest/core/json.h"

namespace nest::profile {

/// This machine as far as the runtime's speed depends on it: {"cpu", "cpu_family", "cores", "isa",
/// "isa_selected", "cache_bytes", "memory", "memory_available"}. What the system does not tell is
/// "" or 0. Errors: Unsupported if NEST_ISA forces an instruction set that does not run here.
Json machine_json();

}  // namespace nest::profile
