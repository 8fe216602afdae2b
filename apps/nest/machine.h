#pragma once

#include "nest/core/json.h"

namespace nest {

/// Processor, cores, instruction sets, cache and memory sizes of this machine.
Json machine_json();

}  // namespace nest
