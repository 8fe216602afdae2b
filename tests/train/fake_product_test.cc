#include "train/fake_product.h"

#include <cmath>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "nest/core/rng.h"
#include "nest/graph/codes.h"

namespace nest::train {
namespace {

using graph::Granularity;
using graph::LayerQuantization;
using graph::Precision;

/// Floats whose codes for `scale` are ties, saturate, vanish, or lie anywhere.
torch::Tensor awkward(std::vector<std::int64_t> shape, float scale, std::uint64_t seed) {
  Rng rng(seed, "awkward");
  torch::Tensor x = torch::empty(shape);
  float* values = x.data_ptr<float>();
  for (std::int64_t i = 0; i < x.numel(); ++i) {
    const auto code = static_cast<float>(i % 261 - 130);
    values[i] = static_cast<float>(rng.normal());
    if (i % 3 == 0) values[i] = (code + 0.5f) * scale;
    if (i % 3 == 1) values[i] = code * scale;
    if (i % 31 == 0) values[i] = i % 2 == 0 ? 1e30f : -1e30f;
    if (i % 37 == 0) values[i] = std::nextafter(0.5f * scale, i % 2 == 0 ? 0.0f : 1.0f);
  }
  return x;
}

void expect_codes(const torch::Tensor& x, const RoundedActivations& rounded,
                  const graph::ActivationRounding& rounding) {
  EXPECT_EQ(rounded.scale.item<float>(), rounding.scale);
  for (std::int64_t i = 0; i < x.numel(); ++i) {
    const float value = x.data_ptr<float>()[i];
    ASSERT_EQ(rounded.codes.data_ptr<float>()[i], graph::activation_code(value, rounding))
        << "value " << value;
  }
}

TEST(FakeProduct, codes_of_activations_are_those_of_the_graph_ties_and_saturation_included) {
  for (const float scale : {1.0f, 0.0371f, 3.1e-5f, 1e-30f, 1e-39f}) {
    const torch::Tensor x = awkward({523}, scale, 3);
    expect_codes(x, round_with(x, torch::full({}, scale)), graph::rounding_of_scale(scale));
  }
  for (const float gain : {1.0f, 1e-20f, 1e-37f, 0.0f, 1e30f}) {
    const torch::Tensor x = torch::randn({200}) * gain;
    expect_codes(x, round_rows(x),
                 graph::rounding_of_row(graph::max_abs(x.data_ptr<float>(), x.numel())));
  }
}

const std::vector<LayerQuantization> kLayers{{Precision::kInt8, Granularity::kPerChannel},
                                             {Precision::kInt8, Granularity::kPerTensor},
                                             {Precision::kInt4, Granularity::kPerBlock}};

TEST(FakeProduct, codes_of_weights_and_integer_sums_are_those_of_the_graph) {
  for (const std::int64_t k : {5, 32, 203, 2100}) {
    for (const LayerQuantization& how : kLayers) {
      const std::int64_t n = 7;
      const torch::Tensor w = awkward({n, k}, 0.01f, 7).clamp(-2, 2);
      const graph::WeightCodes want =
          graph::weight_codes({w.data_ptr<float>(), static_cast<std::size_t>(n * k)}, n, k, how);
      const RoundedWeight made = round_weight(w, how);
      ASSERT_EQ(made.scales.numel(), static_cast<std::int64_t>(want.scales.size()));
      for (std::int64_t i = 0; i < n * k; ++i)
        ASSERT_EQ(made.codes.data_ptr<float>()[i], want.codes[static_cast<std::size_t>(i)]);
      // Every code of the activations saturates: the largest sums there can be.
      const torch::Tensor x =
          torch::where(made.codes.select(0, 0) < 0, -127.0, 127.0).to(torch::kFloat32).unsqueeze(0);
      const torch::Tensor sums = integer_sums(x, made.codes);
      for (std::int64_t r = 0; r < n; ++r) {
        std::int32_t sum = 0;
        for (std::int64_t i = 0; i < k; ++i)
          sum += static_cast<std::int32_t>(x.data_ptr<float>()[i]) *
                 want.codes[static_cast<std::size_t>(r * k + i)];
        ASSERT_EQ(sums.data_ptr<float>()[r], static_cast<float>(sum)) << k;
      }
    }
  }
}

TEST(FakeProduct, gradients_go_straight_through_and_scales_get_those_of_learned_steps) {
  const torch::Tensor x = torch::tensor({0.26f, -0.9f, 30.0f, -40.0f}).set_requires_grad(true);
  const torch::Tensor scale = torch::full({}, 0.2f).set_requires_grad(true);
  const RoundedActivations rounded = round_with(x, scale);
  (rounded.codes * rounded.scale * torch::tensor({1.0f, 2.0f, 3.0f, 5.0f})).sum().backward();
  EXPECT_TRUE(torch::allclose(x.grad(), torch::tensor({1.0f, 2.0f, 0.0f, 0.0f})));
  // code - x / s inside: 1 - 1.3, 2 * (-4 + 4.5) (a tie, to even); the code outside.
  EXPECT_NEAR(scale.grad().item<float>(), -0.3 + 2 * 0.5 + 3 * 127 - 5 * 127, 1e-3);

  for (const LayerQuantization& how : kLayers) {
    torch::manual_seed(2);
    torch::Tensor w = torch::randn({3, 40}).set_requires_grad(true);
    const torch::Tensor input = torch::randn({5, 40}), upstream = torch::randn({5, 3});
    const RoundedActivations a = round_rows(input);
    (multiply(a, round_weight(w, how)) * upstream).sum().backward();
    const torch::Tensor want = upstream.t().matmul(a.codes * a.scale);
    EXPECT_TRUE(torch::allclose(w.grad(), want, 1e-4, 1e-4)) << name_of(how.precision);
  }
}

}  // namespace
}  // namespace nest::train
