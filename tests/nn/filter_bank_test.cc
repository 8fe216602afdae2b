#include "nn/filter_bank.h"

#include <gtest/gtest.h>

#include "one_node.h"

namespace nest::nn {
namespace {

struct FilterBankCase {
  std::int64_t batch, groups, multiplier, rows, samples, taps, pad_left, pad_right;
};

class FilterBankShapes : public ::testing::TestWithParam<FilterBankCase> {};

torch::Tensor plain(const torch::Tensor& x, const torch::Tensor& w, const FilterBankCase& c) {
  return torch::conv2d(torch::constant_pad_nd(x, {c.pad_left, c.pad_right}),
                       w.reshape({w.size(0), 1, 1, w.size(1)}), {}, torch::IntArrayRef({1, 1}),
                       torch::IntArrayRef({0, 0}), torch::IntArrayRef({1, 1}), c.groups);
}

void compare(const FilterBankCase& c, torch::ScalarType type, double tolerance) {
  const torch::Tensor x0 = normal({c.batch, c.groups, c.rows, c.samples}, 1, type);
  const torch::Tensor w0 = normal({c.groups * c.multiplier, c.taps}, 2, type);
  const torch::Tensor xa = x0.clone().requires_grad_();
  const torch::Tensor wa = w0.clone().requires_grad_();
  const torch::Tensor xb = x0.clone().requires_grad_();
  const torch::Tensor wb = w0.clone().requires_grad_();
  const torch::Tensor ya = filter_bank(xa, wa, c.pad_left, c.pad_right);
  const torch::Tensor yb = plain(xb, wb, c);
  ASSERT_EQ(ya.sizes(), yb.sizes());
  EXPECT_LT(distance(ya, yb), tolerance);
  const torch::Tensor g = normal(yb.sizes().vec(), 3, type);
  ya.backward(g);
  yb.backward(g);
  EXPECT_LT(distance(xa.grad(), xb.grad()), tolerance);
  EXPECT_LT(distance(wa.grad(), wb.grad()), tolerance);
}

TEST_P(FilterBankShapes, equals_the_plain_convolution_and_its_gradients) {
  compare(GetParam(), torch::kFloat32, 2e-3);
  compare(GetParam(), torch::kFloat64, 1e-10);
}

INSTANTIATE_TEST_SUITE_P(Shapes, FilterBankShapes,
                         ::testing::Values(FilterBankCase{2, 1, 16, 8, 300, 64, 31, 32},
                                           FilterBankCase{1, 1, 7, 1, 65, 64, 0, 0},
                                           FilterBankCase{3, 5, 2, 1, 33, 16, 15, 0},
                                           FilterBankCase{2, 6, 1, 3, 129, 4, 2, 1},
                                           FilterBankCase{1, 2, 3, 2, 9, 9, 8, 8}));

TEST(FilterBank, is_bit_equal_for_one_and_two_threads) {
  const torch::Tensor x = normal({4, 1, 3, 200}, 1);
  const auto run = [&](int threads) {
    const int before = torch::get_num_threads();
    torch::set_num_threads(threads);
    const torch::Tensor w = normal({8, 33}, 2).requires_grad_();
    const torch::Tensor y = filter_bank(x, w, 16, 16);
    (y * y).sum().backward();
    torch::set_num_threads(before);
    return std::make_pair(y.detach(), w.grad());
  };
  const auto one = run(1);
  const auto two = run(2);
  EXPECT_TRUE(torch::equal(one.first, two.first));
  EXPECT_TRUE(torch::equal(one.second, two.second));
}

}  // namespace
}  // namespace nest::nn
