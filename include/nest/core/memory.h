#pragma once

#include <cstdint>

namespace nest {

/// Most resident memory of this process since it started its program, in bytes (VmHWM of
/// /proc/self/status); 0 where the system does not say.
std::int64_t peak_resident_bytes();

}  // namespace nest
