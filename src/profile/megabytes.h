#pragma once

#include <cstdint>

namespace nest::profile {

inline double mb(std::int64_t bytes) {
  return static_cast<double>(bytes) * 1e-6;
}

}  // namespace nest::profile
