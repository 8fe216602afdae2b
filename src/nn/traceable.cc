#include "traceable.h"

#include <torch/csrc/jit/frontend/tracer.h>
#include <torch/torch.h>

namespace nest::nn {

namespace tracer = torch::jit::tracer;

bool is_tracing() {
  return tracer::isTracing();
}

torch::Tensor reshape(const torch::Tensor& x, const std::vector<std::int64_t>& shape,
                      const std::vector<SameLength>& lengths) {
  if (is_tracing()) {
    // What reshape() takes in place of numbers for these axes of its argument "shape".
    for (const SameLength& length : lengths)
      tracer::ArgumentStash::stashIntArrayRefElem("shape", shape.size(),
                                                  static_cast<std::size_t>(length.axis),
                                                  tracer::getSizeOf(length.of, length.of_axis));
  }
  return x.reshape(shape);
}

torch::Tensor indices_of(const torch::Tensor& x, std::int64_t axis) {
  const auto options = torch::TensorOptions(torch::kInt64).device(x.device());
  if (!is_tracing()) return torch::arange(x.size(axis), options);
  torch::Tensor row = x;
  for (std::int64_t other = x.dim() - 1; other >= 0; --other)
    if (other != axis) row = row.select(other, 0);
  return torch::ones_like(row, torch::TensorOptions(torch::kInt64)).cumsum(0) - 1;
}

torch::Tensor length_of(const torch::Tensor& x, std::int64_t axis) {
  if (is_tracing()) return tracer::getSizeOf(x, axis);
  return torch::full({}, x.size(axis), torch::TensorOptions(torch::kInt64).device(x.device()));
}

torch::Tensor moved(const torch::Tensor& x, torch::Device device, torch::ScalarType type) {
  return x.device() == device && x.scalar_type() == type ? x : x.to(device, type);
}

}  // namespace nest::nn
