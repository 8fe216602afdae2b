#include "fake_product.h"

#include <torch/csrc/autograd/custom_function.h>
#include <torch/types.h>

#include "nest/graph/codes.h"

namespace nest::train {
namespace {

/// `value` in place of x, whose gradient is `slope` times what comes back.
class StraightThrough : public torch::autograd::Function<StraightThrough> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context,
                               const torch::Tensor& /*x*/, const torch::Tensor& value,
                               const torch::Tensor& slope) {
    context->save_for_backward({slope});
    return value.clone();
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& grads) {
    return {grads[0] * context->get_saved_variables()[0], {}, {}};
  }
};

std::span<const float> floats(const torch::Tensor& tensor) {
  return {tensor.data_ptr<float>(), static_cast<std::size_t>(tensor.numel())};
}

torch::Tensor straight_through(const torch::Tensor& x, const torch::Tensor& value) {
  return StraightThrough::apply(x, value, torch::ones({}, value.options()));
}

torch::Tensor host(const torch::Tensor& weight) {
  return weight.detach().to(torch::kCPU, torch::kFloat32).contiguous();
}

torch::Tensor codes_at(const torch::Tensor& x, const torch::Tensor& inverse) {
  const torch::Tensor scaled = (x * inverse).clamp(-graph::kLargestCode, graph::kLargestCode);
  return straight_through(scaled, scaled.detach().round());
}

}  // namespace

RoundedWeight round_weight(const torch::Tensor& weight, const graph::LayerQuantization& how) {
  const torch::Tensor values = host(weight);
  const std::int64_t rows = values.size(0), columns = values.size(1);
  const graph::WeightCodes made = graph::weight_codes(floats(values), rows, columns, how);
  const torch::Tensor codes =
      torch::tensor(at::ArrayRef<std::int8_t>(made.codes), torch::kInt8).to(torch::kFloat32);
  const torch::Tensor scales = torch::tensor(at::ArrayRef<float>(made.scales));
  const torch::Tensor slope = torch::where(scales != 0, scales.reciprocal(), 0.0f).unsqueeze(1);
  return {StraightThrough::apply(weight, codes.reshape({rows, columns}).to(weight.device()),
                                 slope.to(weight.device())),
          scales.to(weight.device())};
}

torch::Tensor rounded_values(const torch::Tensor& weight, const graph::LayerQuantization& how) {
  const torch::Tensor values = host(weight);
  const std::vector<float> made =
      graph::rounded_weights(floats(values), values.size(0), values.size(1), how);
  const torch::Tensor rounded =
      torch::tensor(at::ArrayRef<float>(made)).reshape(values.sizes()).to(weight.device());
  return straight_through(weight, rounded);
}

torch::Tensor rounded_to_bf16(const torch::Tensor& x) {
  return straight_through(x, x.detach().to(torch::kBFloat16).to(x.scalar_type()));
}

RoundedActivations round_rows(const torch::Tensor& x) {
  const torch::Tensor largest = x.detach().abs().amax(-1, true);
  const torch::Tensor none = torch::zeros_like(largest);
  const torch::Tensor has_codes = largest > graph::kLeastLargest;
  const torch::Tensor top = torch::full_like(largest, graph::kLargestCode);
  return {codes_at(x, torch::where(has_codes, top.div(largest), none)),
          torch::where(has_codes, largest.div(top), none)};
}

RoundedActivations round_with(const torch::Tensor& x, const torch::Tensor& scale) {
  const torch::Tensor none = torch::zeros_like(scale);
  const torch::Tensor has_codes = scale.detach() * graph::kLargestCode > graph::kLeastLargest;
  return {codes_at(x, torch::where(has_codes, scale.reciprocal(), none)),
          torch::where(has_codes, scale, none)};
}

torch::ScalarType type_of_sums(std::int64_t terms) {
  constexpr std::int64_t kExact =
      (std::int64_t{1} << 24) / graph::kLargestCode / graph::kLargestCode;
  return terms <= kExact ? torch::kFloat32 : torch::kFloat64;
}

torch::Tensor integer_sums(const torch::Tensor& x, const torch::Tensor& w) {
  const torch::ScalarType type = type_of_sums(w.size(1));
  return torch::linear(x.to(type), w.to(type)).to(torch::kFloat32);
}

torch::Tensor multiply(const RoundedActivations& x, const RoundedWeight& w) {
  return integer_sums(x.codes, w.codes) * (x.scale * w.scales);
}

}  // namespace nest::train
