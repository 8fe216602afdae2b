#pragma once

#include <cstdint>
#include <vector>

#include <torch/types.h>

namespace nest::nn {

// LibTorch's tracer (torchscript.cc) writes down operations on tensors. A length that is asked for
// as a number is a constant to it, and the trace is then for that length alone; these keep it open.

/// True while this thread is traced: what LibTorch does not see must not be run.
bool is_tracing();

/// Axis `axis` of a result is as long as axis `of_axis` of `of`.
struct SameLength {
  std::int64_t axis;
  torch::Tensor of;
  std::int64_t of_axis;
};
/// x.reshape(shape).
torch::Tensor reshape(const torch::Tensor& x, const std::vector<std::int64_t>& shape,
                      const std::vector<SameLength>& lengths);

/// int64 [n]: 0 to n - 1, n = x.size(axis).
torch::Tensor indices_of(const torch::Tensor& x, std::int64_t axis);

/// int64 []: x.size(axis).
torch::Tensor length_of(const torch::Tensor& x, std::int64_t axis);

/// x.to(device, type); x itself, unseen by a trace, if it is that already.
torch::Tensor moved(const torch::Tensor& x, torch::Device device, torch::ScalarType type);

}  // namespace nest::nn
