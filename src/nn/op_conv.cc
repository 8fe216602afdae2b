#include <torch/torch.h>

#include "filter_bank.h"
#include "op_context.h"
#include "traceable.h"

namespace nest::nn {
namespace {

/// Filters shorter than this are as well served by LibTorch.
constexpr std::int64_t kLongFilter = 4;

bool is_depthwise(const graph::Conv& op) {
  return op.groups == op.in_channels && op.stride_t == 1 && op.dilation_t == 1;
}

bool fits_filter_bank(const graph::Conv& op, const torch::Tensor& x) {
  return !is_tracing() && x.device().is_cpu() && is_depthwise(op) && op.kernel_s == 1 &&
         op.kernel_t >= kLongFilter && op.pad_left < op.kernel_t && op.pad_right < op.kernel_t &&
         (x.scalar_type() == torch::kFloat32 || x.scalar_type() == torch::kFloat64);
}

torch::Tensor run_filter_bank(const graph::Conv& op, const torch::Tensor& x,
                              const torch::Tensor& weight) {
  const torch::Tensor x4 = op.is_2d ? x : x.unsqueeze(2);
  const torch::Tensor y =
      filter_bank(x4, weight.reshape({op.out_channels, op.kernel_t}), op.pad_left, op.pad_right);
  return op.is_2d ? y : y.squeeze(2);
}

/// Depthwise over all electrodes at once is a small matrix product an item and group.
bool is_spatial_filter(const graph::Conv& op, const torch::Tensor& x) {
  return op.is_2d && is_depthwise(op) && op.kernel_t == 1 && op.kernel_s == x.size(2) &&
         op.pad_left == 0 && op.pad_right == 0 && x.device().is_cpu();
}

torch::Tensor run_spatial_filter(const graph::Conv& op, const torch::Tensor& x,
                                 const torch::Tensor& weight) {
  const std::int64_t multiplier = op.out_channels / op.groups;
  const torch::Tensor w = weight.reshape({1, op.groups, multiplier, op.kernel_s});
  return reshape(torch::matmul(w, x), {x.size(0), op.out_channels, 1, x.size(3)},
                 {{0, x, 0}, {3, x, 3}});
}

torch::Tensor run_plain(const graph::Conv& op, torch::Tensor x, const torch::Tensor& weight) {
  std::int64_t pad = op.pad_left;
  if (op.pad_left != op.pad_right) {
    x = torch::constant_pad_nd(x, {op.pad_left, op.pad_right});
    pad = 0;
  }
  if (!op.is_2d) {
    return torch::conv1d(x, weight, {}, op.stride_t, pad, op.dilation_t, op.groups);
  }
  return torch::conv2d(x, weight, {}, torch::IntArrayRef({1, op.stride_t}),
                       torch::IntArrayRef({std::int64_t{0}, pad}),
                       torch::IntArrayRef({1, op.dilation_t}), op.groups);
}

torch::Tensor convolve(const graph::Conv& op, const torch::Tensor& x, const torch::Tensor& weight) {
  if (fits_filter_bank(op, x)) return run_filter_bank(op, x, weight);
  if (is_spatial_filter(op, x)) return run_spatial_filter(op, x, weight);
  return run_plain(op, x, weight);
}

torch::Tensor run_product(const graph::Conv& op, const OpContext& node) {
  const torch::Tensor weight = node.compute_weight(0);
  const torch::Tensor x = node.pass.to_compute(node.clean(0));
  if (node.pass.product_hook == nullptr) return convolve(op, x, weight);
  const Product product = node.pass.product_hook->convolution(
      node.node, weight, [&op](const torch::Tensor& input, const torch::Tensor& taps) {
        return convolve(op, input, taps);
      });
  return product ? product(x) : convolve(op, x, weight);
}

}  // namespace

Tensors evaluate(const graph::Conv& op, const OpContext& node) {
  torch::Tensor y = run_product(op, node);
  if (op.has_bias) {
    std::vector<std::int64_t> shape(static_cast<std::size_t>(y.dim()), 1);
    shape[1] = op.out_channels;
    y = y + node.compute_weight(1).reshape(shape);
  }
  return {node.pass.from_compute(y)};
}

/// Windows lie inside an item, because its own length gives the number of windows.
Tensors evaluate(const graph::Pool& op, const OpContext& node) {
  const torch::Tensor& x = node.in(0);
  const std::int64_t samples = x.size(-1);
  const torch::Tensor flat = reshape(x, {-1, 1, samples}, {{2, x, x.dim() - 1}});
  const torch::Tensor y = op.kind == graph::Pool::Kind::kMean
                              ? torch::avg_pool1d(flat, op.kernel, op.stride)
                              : torch::max_pool1d(flat, op.kernel, op.stride);
  std::vector<std::int64_t> shape = x.sizes().vec();
  shape.back() = y.size(-1);
  std::vector<SameLength> lengths;
  for (std::int64_t axis = 0; axis + 1 < x.dim(); ++axis) lengths.push_back({axis, x, axis});
  lengths.push_back({x.dim() - 1, y, 2});
  return {reshape(y, shape, lengths)};
}

}  // namespace nest::nn
