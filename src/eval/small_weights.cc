#include "eval/small_weights.h"

#include <algorithm>
#include <cmath>

#include "nest/core/dtype.h"
#include "nest/graph/rewrite.h"

namespace nest::eval {
namespace {

constexpr float kAsGood = 1.0f / 1024;

bool fits_half(const Tensor& weight) {
  return std::ranges::all_of(weight.data<float>(), [](float value) {
    return std::fabs(to_float(to_half(value)) - value) <= kAsGood * std::fabs(value);
  });
}

}  // namespace

graph::Model with_small_weights(graph::Model model) {
  graph::fold_batch_norm(model);
  for (auto& [name, weight] : model.weights) {
    if (weight.dtype() != DType::kF32 || weight.rank() > 1 || !fits_half(weight)) continue;
    weight = weight.to(DType::kF16).to(DType::kF32);
  }
  return model;
}

}  // namespace nest::eval
