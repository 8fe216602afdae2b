#include "nest/train/optimizer.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "nest/core/json.h"
#include "nest/train/schedule.h"

namespace nest::train {
namespace {

nn::ParameterStore two_weights() {
  TensorMap weights;
  weights.emplace("a", Tensor::from<float>({2, 2}, std::vector<float>{1, -2, 3, 0.5}));
  weights.emplace("b", Tensor::from<float>({2, 1}, std::vector<float>{0.1F, -0.7F}));
  return {weights, torch::kCPU, torch::kFloat32};
}

torch::Tensor objective(const torch::Tensor& a, const torch::Tensor& b, int step) {
  return (torch::matmul(a, b) - step).pow(2).sum() + (a * a * a).sum() * 0.1;
}

/// Ten steps of both; LibTorch's rule on clones of the weights.
template <class Peer, class Options>
void compare(const OptimizerOptions& options, Options peer_options) {
  nn::ParameterStore ours = two_weights();
  const torch::Tensor a = ours.at("a").detach().clone().requires_grad_();
  const torch::Tensor b = ours.at("b").detach().clone().requires_grad_();
  Peer peer(std::vector<torch::Tensor>{a, b}, peer_options);
  Optimizer optimizer(ours, options);
  for (int step = 0; step < 10; ++step) {
    optimizer.zero_grad();
    objective(ours.at("a"), ours.at("b"), step).backward();
    optimizer.step(options.learning_rate);
    peer.zero_grad();
    objective(a, b, step).backward();
    peer.step();
  }
  EXPECT_LT((ours.at("a") - a).abs().max().item<double>(), 2e-6);
  EXPECT_LT((ours.at("b") - b).abs().max().item<double>(), 2e-6);
}

OptimizerOptions plain(const std::string& name) {
  OptimizerOptions options;
  options.optimizer = from_name<OptimizerKind>(name);
  options.learning_rate = 0.02;
  options.weight_decay = 0.1;
  options.clip_norm = 0;
  return options;
}

TEST(Optimizer, steps_are_those_of_libtorch) {
  compare<torch::optim::AdamW>(plain("adamw"), torch::optim::AdamWOptions(0.02).weight_decay(0.1));
  compare<torch::optim::Adam>(plain("adam"), torch::optim::AdamOptions(0.02).weight_decay(0.1));
  compare<torch::optim::SGD>(plain("sgd"),
                             torch::optim::SGDOptions(0.02).weight_decay(0.1).momentum(0.9));
}

TEST(Optimizer, clipping_bounds_the_step_and_reports_the_norm) {
  nn::ParameterStore ours = two_weights();
  OptimizerOptions options = plain("sgd");
  options.weight_decay = 0;
  options.clip_norm = 0.5;
  Optimizer optimizer(ours, options);
  const torch::Tensor before = ours.at("a").detach().clone();
  (ours.at("a") * 100).sum().backward();
  EXPECT_NEAR(optimizer.step(1), 200, 1e-3);
  EXPECT_NEAR((ours.at("a") - before).norm().item<double>(), 0.5, 1e-4);
}

TEST(Optimizer, a_gradient_that_is_not_finite_changes_nothing) {
  nn::ParameterStore ours = two_weights();
  Optimizer optimizer(ours, plain("adamw"));
  const torch::Tensor before = ours.at("a").detach().clone();
  (ours.at("a") * INFINITY).sum().backward();
  EXPECT_FALSE(std::isfinite(optimizer.step(1)));
  EXPECT_TRUE(torch::equal(ours.at("a"), before));
  EXPECT_EQ(optimizer.num_steps(), 0);
}

TEST(Optimizer, averages_follow_their_decay) {
  nn::ParameterStore ours = two_weights();
  OptimizerOptions options = plain("sgd");
  options.ema_decay = 0.75;
  Optimizer optimizer(ours, options);
  const torch::Tensor before = ours.at("a").detach().clone();
  objective(ours.at("a"), ours.at("b"), 1).backward();
  optimizer.step(0.01);
  const TensorMap averaged = optimizer.averaged();
  const float expected =
      0.75F * before[0][0].item<float>() + 0.25F * ours.at("a")[0][0].item<float>();
  EXPECT_NEAR(averaged.at("a").data<float>()[0], expected, 1e-6);
}

TEST(Schedule, cosine_rises_then_falls_to_its_floor) {
  const Schedule schedule(
      {.schedule = ScheduleKind::kCosine, .warmup_steps = 10, .floor_factor = 0.1}, 10, 10);
  EXPECT_DOUBLE_EQ(schedule.factor(0), 0.1);
  EXPECT_DOUBLE_EQ(schedule.factor(9), 1);
  EXPECT_DOUBLE_EQ(schedule.factor(10), 1);
  EXPECT_NEAR(schedule.factor(55), 0.55, 1e-12);
  EXPECT_NEAR(schedule.factor(100), 0.1, 1e-12);
}

TEST(Schedule, step_and_plateau_drop_when_they_should) {
  const Schedule step({.schedule = ScheduleKind::kStep, .step_epochs = 2, .drop_factor = 0.5}, 5,
                      10);
  EXPECT_DOUBLE_EQ(step.factor(9), 1);
  EXPECT_DOUBLE_EQ(step.factor(10), 0.5);
  EXPECT_DOUBLE_EQ(step.factor(20), 0.25);
  Schedule plateau({.schedule = ScheduleKind::kPlateau, .drop_factor = 0.5, .patience = 1}, 5, 10);
  for (const double score : {3.0, 2.0, 2.0, 2.5}) plateau.observe(score);
  EXPECT_DOUBLE_EQ(plateau.factor(99), 0.5);
  Schedule other({.schedule = ScheduleKind::kPlateau, .drop_factor = 0.5, .patience = 1}, 5, 10);
  other.restore(plateau.state());
  EXPECT_DOUBLE_EQ(other.factor(99), 0.5);
}

}  // namespace
}  // namespace nest::train
