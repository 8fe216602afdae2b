#pragma once

#include <vector>

#include <torch/torch.h>

#include "nest/core/rng.h"
#include "nest/nn/executor.h"
#include "tests/support/one_node.h"

namespace nest::nn {

using test::batch;
using test::frames;
using test::one_node;
using test::randomize;
using test::TestInput;
using test::weight_refs;

/// Normal numbers, the same for the same seed.
inline torch::Tensor normal(std::vector<std::int64_t> shape, std::uint64_t seed,
                            torch::ScalarType type = torch::kFloat32) {
  Rng rng(seed, "input");
  torch::Tensor x = torch::empty(shape, torch::kFloat64);
  double* data = x.data_ptr<double>();
  for (std::int64_t i = 0; i < x.numel(); ++i) data[i] = rng.normal();
  return x.to(type);
}

/// Largest |a - b|, in double.
inline double distance(const torch::Tensor& a, const torch::Tensor& b) {
  if (a.sizes() != b.sizes()) return INFINITY;
  if (a.numel() == 0) return 0;
  return (a.detach().to(torch::kFloat64) - b.detach().to(torch::kFloat64))
      .abs()
      .max()
      .item<double>();
}

}  // namespace nest::nn
