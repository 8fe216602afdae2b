#pragma once

#include <limits>

namespace nest::text {

/// Of a score without a value: nothing was to be recognised, or too few were given.
inline constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

}  // namespace nest::text
