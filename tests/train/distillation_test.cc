#include "nest/train/distillation.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "nest/core/error.h"
#include "nest/train/loss.h"
#include "tests/support/error_of.h"
#include "tests/support/temp_dir.h"
#include "toy.h"

namespace nest::train {
namespace {

using ::testing::HasSubstr;

constexpr auto kFloat64 = torch::kFloat64;

TEST(DivergenceLoss, equals_hand_values) {
  const torch::Tensor student = torch::zeros({1, 2, 2}, kFloat64);
  const torch::Tensor teacher = torch::tensor({{{std::log(3.0), 0.0}, {5.0, 1.0}}}, kFloat64);
  const torch::Tensor first = torch::tensor({{1.0, 0.0}}, kFloat64);
  // p = (3/4, 1/4) against q = (1/2, 1/2).
  const double kl = 0.75 * std::log(1.5) + 0.25 * std::log(0.5);
  EXPECT_NEAR(loss_divergence(student, teacher, first, 1).item<double>(), kl, 1e-14);
  EXPECT_NEAR(loss_divergence(student, teacher, 0.5 * first, 1).item<double>(), kl / 2, 1e-14);
  // At T = 2: p = sqrt(3) / (1 + sqrt(3)), times 4.
  const double p = std::sqrt(3.0) / (1 + std::sqrt(3.0));
  const double warm = 4 * (p * std::log(2 * p) + (1 - p) * std::log(2 * (1 - p)));
  EXPECT_NEAR(loss_divergence(student, teacher, first, 2).item<double>(), warm, 1e-14);
}

TEST(DivergenceLoss, has_the_gradient_of_differences_and_none_to_the_teacher) {
  torch::manual_seed(1);
  torch::Tensor student = torch::randn({2, 3, 4}, kFloat64).set_requires_grad(true);
  torch::Tensor teacher = torch::randn({2, 3, 4}, kFloat64).set_requires_grad(true);
  const torch::Tensor weights = torch::rand({2, 3}, kFloat64);
  const auto loss = [&] { return loss_divergence(student, teacher, weights, 1.7).sum(); };
  loss().backward();
  EXPECT_FALSE(teacher.grad().defined());
  const torch::NoGradGuard no_grad;
  constexpr double kStep = 1e-6;
  for (std::int64_t i = 0; i < student.numel(); ++i) {
    torch::Tensor at = student.view(-1)[i];
    at.add_(kStep);
    const double above = loss().item<double>();
    at.sub_(2 * kStep);
    const double below = loss().item<double>();
    at.add_(kStep);
    EXPECT_NEAR(student.grad().view(-1)[i].item<double>(), (above - below) / (2 * kStep), 1e-8);
  }
}

graph::Model other_toy(const std::string& key) {
  graph::Model model = toy_model(key);
  Rng rng(11, "other weights");
  graph::initialize_weights(model, rng);
  return model;
}

Loss taught(nn::TorchExecutor& student, const graph::Model& teacher, const Batch& batch,
            const compress::DistillationOptions& options) {
  Teacher made(teacher, student.model(), {}, options);
  return made.compute_loss(student, batch, {});
}

class DistillationOf : public ::testing::TestWithParam<std::string> {};

TEST_P(DistillationOf, is_a_part_of_the_loss_and_zero_from_itself) {
  nn::TorchExecutor student(toy_model(GetParam()));
  const Batch batch = make_batch(toy_examples(4));
  const double task = compute_loss(student, batch).sum.item<double>();
  const graph::Model other = other_toy(GetParam());
  const double own = taught(student, student.model(), batch, {.weight = 1}).sum.item<double>();
  EXPECT_NEAR(own, 0, 1e-5);
  const double divergence = taught(student, other, batch, {.weight = 1}).sum.item<double>();
  EXPECT_GT(divergence, 0.01);
  const Loss mixed = taught(student, other, batch, {.weight = 0.25});
  EXPECT_NEAR(mixed.sum.item<double>(), 0.75 * task + 0.25 * divergence, 1e-4 * task);
  EXPECT_EQ(mixed.tokens, compute_loss(student, batch).tokens);
}

TEST_P(DistillationOf, a_padded_batch_equals_its_items_one_by_one) {
  nn::TorchExecutor student(toy_model(GetParam()));
  const graph::Model other = other_toy(GetParam());
  const compress::DistillationOptions options{.weight = 1, .temperature = 2};
  const std::vector<Example> examples = toy_examples(5);
  double sum = 0;
  for (const Example& one : examples)
    sum += taught(student, other, make_batch({one}), options).sum.item<double>();
  const Batch batch = make_batch(examples);
  ASSERT_GT(batch.lengths.max().item<std::int64_t>(), batch.lengths.min().item<std::int64_t>());
  EXPECT_NEAR(taught(student, other, batch, options).sum.item<double>(), sum, 1e-4 * sum);
}

INSTANTIATE_TEST_SUITE_P(Families, DistillationOf,
                         ::testing::Values("nest_ctc", "nest_rnn_t", "nest_attention"));

graph::Model trained(const graph::Model& start, TrainData data, TrainOptions options) {
  const test::TempDir folder;
  Trainer trainer(start, data, options, folder / "run");
  (void)trainer.run();
  return trainer.executor().snapshot();
}

TEST(Distillation, a_student_comes_closer_to_its_teacher_and_the_same_way_each_time) {
  const MemorySource training(toy_examples(24));
  TrainData data{&training, nullptr, nullptr};
  const graph::Model teacher = trained(toy_model("nest_ctc"), data, toy_options(4));
  const graph::Model student = other_toy("nest_ctc");
  data.teacher = &teacher;
  TrainOptions options = toy_options(4);
  options.distillation.weight = 1;
  const graph::Model one = trained(student, data, options);
  const graph::Model two = trained(student, data, options);
  for (const auto& [name, tensor] : one.weights)
    EXPECT_TRUE(bit_equal(tensor, two.weights.at(name))) << name;
  const Batch unseen = make_batch(toy_examples(8, 2));
  nn::TorchExecutor before(student), after(one);
  const torch::NoGradGuard no_grad;
  const compress::DistillationOptions all{.weight = 1};
  EXPECT_LT(taught(after, teacher, unseen, all).sum.item<double>(),
            0.5 * taught(before, teacher, unseen, all).sum.item<double>());
}

std::string refused(const graph::Model& teacher) {
  return test::error_of(
      [&] {
        nn::TorchExecutor student(toy_model("nest_ctc"));
        (void)taught(student, teacher, make_batch(toy_examples(2)), {.weight = 0.5});
      },
      ErrorCode::kInvalidArgument);
}

TEST(Distillation, refuses_a_teacher_whose_outputs_cannot_be_compared) {
  EXPECT_THAT(refused(toy_model("nest_rnn_t")), HasSubstr("family transducer"));
  graph::Model larger = toy_model("nest_ctc");
  larger.vocabulary.size = 7;
  EXPECT_THAT(refused(larger), HasSubstr("another vocabulary (7 tokens)"));
  graph::Model wider = toy_model("nest_ctc");
  wider.vocabulary.tokenizer = {{"type", "other"}};
  EXPECT_EQ(refused(wider), "no error");  // nothing is known of the student's
  graph::Model finer = graph::build_model(
      "nest_ctc",
      Config::parse("n_channels: 2\nvocab_size: 6\n"
                    "spatial_cnn: {type: SpatialCNN, n_channels: 2, n_temporal_filters: 4, "
                    "n_spatial_filters: 8, temporal_kernel_size: 8}\n"
                    "temporal_encoder: {type: LSTM, input_dim: 8, hidden_dim: 8, num_layers: 1, "
                    "bidirectional: true}\ndecoder: {vocab_size: 6}\n",
                    "finer"));
  Rng rng(5, "finer");
  graph::initialize_weights(finer, rng);
  EXPECT_THAT(refused(finer), HasSubstr("both need the same stride"));
}

TEST(Distillation, a_weight_without_a_teacher_is_refused_before_training) {
  const MemorySource training(toy_examples(4));
  TrainOptions options = toy_options(1);
  options.distillation.weight = 0.5;
  const test::TempDir folder;
  EXPECT_THROW(Trainer(toy_model("nest_ctc"), {&training, nullptr, nullptr}, options, folder / "x"),
               Error);
}

}  // namespace
}  // namespace nest::train
