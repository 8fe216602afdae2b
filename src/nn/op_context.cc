#include "op_context.h"

#include <torch/torch.h>

#include "traceable.h"

namespace nest::nn {
namespace {

torch::ScalarType half_type(graph::Precision precision) {
  return precision == graph::Precision::kFp16 ? torch::kFloat16 : torch::kBFloat16;
}

bool is_half(graph::Precision precision) {
  return precision == graph::Precision::kFp16 || precision == graph::Precision::kBf16;
}

}  // namespace

torch::Tensor Pass::to_compute(const torch::Tensor& x) const {
  if (!is_half(precision) || !x.defined() || !x.is_floating_point()) return x;
  const torch::Tensor rounded = x.to(half_type(precision));
  return x.device().is_cpu() ? rounded.to(parameters.type()) : rounded;
}

torch::Tensor Pass::to_full(const torch::Tensor& x) const {
  return moved(x, x.device(), parameters.type());
}

torch::Tensor OpContext::weight(std::size_t i) const {
  if (i >= node.weights.size()) return {};
  const graph::WeightRef& ref = node.weights[i];
  const torch::Tensor& stored = pass.parameters.at(ref.name);
  const torch::Tensor whole =
      pass.weight_hook == nullptr ? stored : (*pass.weight_hook)(ref.name, stored);
  if (ref.row_begin == 0 && ref.row_end == 0) return whole;
  return whole.slice(0, ref.row_begin, ref.row_end == 0 ? whole.size(0) : ref.row_end);
}

torch::Tensor OpContext::compute_weight(std::size_t i) const {
  return pass.to_compute(weight(i));
}

}  // namespace nest::nn
