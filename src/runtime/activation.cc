#include "runtime/activation.h"

#include <algorithm>
#include <cmath>

namespace nest::runtime {

void ActivationScale::record(const float* x, std::int64_t rows, std::int64_t n,
                             std::int64_t row) const noexcept {
  if (largest == nullptr) return;
  float top = 0;
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t i = 0; i < n; ++i) top = std::max(top, std::fabs(x[r * row + i]));
  float seen = largest->load(std::memory_order_relaxed);
  while (top > seen && !largest->compare_exchange_weak(seen, top, std::memory_order_relaxed)) {
  }
}

}  // namespace nest::runtime
