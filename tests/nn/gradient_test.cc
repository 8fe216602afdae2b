#include <gtest/gtest.h>

#include "node_cases.h"

namespace nest::nn {
namespace {

/// A scalar that depends on every output element with different weights.
torch::Tensor probe(const NamedTensors& outputs) {
  torch::Tensor sum = torch::zeros({}, torch::kFloat64);
  std::uint64_t seed = 100;
  for (const auto& [name, y] : outputs) {
    if (y.numel() > 0) sum = sum + (y * normal(y.sizes().vec(), seed++, torch::kFloat64)).sum();
  }
  return sum;
}

double value_of(TorchExecutor& executor, const NamedTensors& inputs) {
  const torch::NoGradGuard no_grad;
  torch::manual_seed(3);
  return probe(executor.forward("block", inputs)).item<double>();
}

/// Largest difference between autograd and central differences over all elements of `leaf`, in
/// parts of 1 + the gradient.
double gradient_error(TorchExecutor& executor, const NamedTensors& inputs, torch::Tensor leaf) {
  const torch::NoGradGuard no_grad;
  constexpr double kStep = 1e-5;
  const torch::Tensor gradient =
      leaf.grad().defined() ? leaf.grad().contiguous() : torch::zeros_like(leaf);
  double* data = leaf.data_ptr<double>();
  double worst = 0;
  for (std::int64_t i = 0; i < leaf.numel(); ++i) {
    const double kept = data[i];
    data[i] = kept + kStep;
    const double above = value_of(executor, inputs);
    data[i] = kept - kStep;
    const double below = value_of(executor, inputs);
    data[i] = kept;
    const double expected = (above - below) / (2 * kStep);
    worst = std::max(
        worst, std::abs(expected - gradient.data_ptr<double>()[i]) / (1 + std::abs(expected)));
  }
  return worst;
}

class Gradient : public ::testing::TestWithParam<NodeCase> {};

void check(const NodeCase& item, bool is_training, bool is_ragged) {
  TorchExecutor executor(one_node(item.op, item.inputs), {.precision = graph::Precision::kFp64});
  executor.set_training(is_training);
  NamedTensors inputs = inputs_of(item, 2, 9, torch::kFloat64);
  for (auto& [name, x] : inputs) x.set_requires_grad(true);
  if (is_ragged) inputs.emplace("lengths", torch::tensor({9, 6}, torch::kInt64));
  torch::manual_seed(3);
  probe(executor.forward("block", inputs)).backward();
  for (const auto& [name, x] : inputs) {
    if (x.requires_grad()) {
      EXPECT_LT(gradient_error(executor, inputs, x), 2e-7) << name;
    }
  }
  for (const std::string& name : executor.parameters().trainable_names()) {
    EXPECT_LT(gradient_error(executor, inputs, executor.parameters().at(name)), 2e-7) << name;
  }
}

TEST_P(Gradient, equals_finite_differences_in_eval_mode) {
  check(GetParam(), false, false);
}
TEST_P(Gradient, equals_finite_differences_in_train_mode) {
  check(GetParam(), true, false);
}
TEST_P(Gradient, equals_finite_differences_for_a_ragged_batch) {
  check(GetParam(), true, true);
}

INSTANTIATE_TEST_SUITE_P(EveryKind, Gradient, ::testing::ValuesIn(node_cases()), case_name);

TEST(Gradient, of_an_embedding_counts_each_use_of_a_row) {
  TorchExecutor executor(
      one_node(graph::Embedding{5, 2}, {{"x", {batch(), frames()}, 1, DType::kI64}}),
      {.precision = graph::Precision::kFp64});
  const torch::Tensor tokens = torch::tensor({{1, 4, 1}, {0, 1, 2}}, torch::kInt64);
  executor.forward("block", {{"x", tokens}}).at("y0").sum().backward();
  const torch::Tensor expected =
      torch::tensor({{1., 1.}, {3., 3.}, {1., 1.}, {0., 0.}, {1., 1.}}, torch::kFloat64);
  EXPECT_EQ(distance(executor.parameters().at("node.w0").grad(), expected), 0);
}

}  // namespace
}  // namespace nest::nn
