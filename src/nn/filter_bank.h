#pragma once

#include <torch/types.h>

namespace nest::nn {

/// Depthwise temporal convolution with long filters on the CPU, with exact gradients.
///
/// y[b, g*M + m, s, t] = sum_i weight[g*M + m, i] * x[b, g, s, t + i - pad_left], M = filters per
/// group. LibTorch's own route (oneDNN) is an order of magnitude slower for one input channel and
/// 64 taps, which is where an EEGNet spends its time.
/// Shapes:  x [B, G, S, T], weight [G*M, taps] -> [B, G*M, S, T + pad_left + pad_right - taps + 1]
/// Types:   float32 or float64, both pads below `taps`
/// State:   the result does not depend on the number of threads, bit for bit
torch::Tensor filter_bank(const torch::Tensor& x, const torch::Tensor& weight,
                          std::int64_t pad_left, std::int64_t pad_right);

}  // namespace nest::nn
