#pragma once

#include <algorithm>
#include <cmath>

#include "nest/core/tensor.h"

namespace nest::test {

/// Between the float32 tensors of one name; `b` has all that `a` has.
inline double largest_difference(const TensorMap& a, const TensorMap& b) {
  double worst = 0;
  for (const auto& [name, x] : a) {
    if (x.dtype() != DType::kF32) continue;
    const auto u = x.data<float>(), v = b.at(name).data<float>();
    for (std::size_t i = 0; i < u.size(); ++i) {
      worst = std::max(worst, static_cast<double>(std::abs(u[i] - v[i])));
    }
  }
  return worst;
}

}  // namespace nest::test
