#pragma once

#include <cstdint>
#include <vector>

#include "runtime/program.h"

namespace nest::runtime {

/// Bytes that must be alive while each step runs.
std::vector<std::int64_t> live_bytes(const Program& program);

}  // namespace nest::runtime
