// Pruners that train and validate in between, with training that a test can foresee.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/compress/iterative_pruner.h"
#include "nest/compress/lottery_ticket_pruner.h"
#include "nest/compress/sensitivity_pruner.h"
#include "nest/core/error.h"
#include "tests/support/error_of.h"
#include "tests/support/unit_models.h"

namespace nest::compress {
namespace {

using ::testing::HasSubstr;

graph::Model model_of(std::size_t i) {
  return test::make_unit_model(test::unit_models()[i]);
}

/// Every weight that is not masked moves by something drawn anew each time.
class Training {
 public:
  TrainFn fn() {
    return [this](const graph::Model& model, const TensorMap& masks, std::int64_t steps) {
      asked.push_back(steps);
      graph::Model trained = model;
      Rng rng(9, "train", asked.size());
      for (auto& [name, tensor] : trained.weights) {
        if (tensor.dtype() != DType::kF32) continue;
        tensor = tensor.clone();
        for (float& x : tensor.mutable_data<float>()) x += static_cast<float>(0.05 * rng.normal());
      }
      apply_masks(trained, masks);
      return trained;
    };
  }
  std::vector<std::int64_t> asked;
};

double no_error(const graph::Model& /*model*/) {
  return 0;
}

TEST(IterativePruner, follows_its_schedule_and_keeps_what_went) {
  for (const auto& [schedule, parts] :
       {std::pair{PruneSchedule::kCubic, std::vector{0.578125, 0.875, 0.984375, 1.0}},
        std::pair{PruneSchedule::kConstant, std::vector{0.25, 0.5, 0.75, 1.0}}}) {
    IterativePruner pruner(model_of(1),
                           {.magnitude = {.amount = 0.8}, .iterations = 4, .schedule = schedule});
    Training training;
    TensorMap before;
    const auto train = training.fn();
    const auto iterations = pruner.prune_and_finetune(
        [&](const graph::Model& model, const TensorMap& masks, std::int64_t steps) {
          for (const auto& [name, mask] : before) {
            for (std::size_t i = 0; i < static_cast<std::size_t>(mask.numel()); ++i)
              EXPECT_LE(masks.at(name).data<bool>()[i], mask.data<bool>()[i]) << name;
          }
          before = masks;
          return train(model, masks, steps);
        },
        [](const graph::Model& model) { return sparsity_of(model).overall; });
    ASSERT_EQ(iterations.size(), 4U);
    for (std::size_t i = 0; i < 4; ++i) {
      EXPECT_NEAR(iterations[i].sparsity, 0.8 * parts[i], 1e-3) << name_of(schedule) << i;
      EXPECT_EQ(iterations[i].error, iterations[i].sparsity);
    }
    EXPECT_THROW(pruner.prune(), Error);
    EXPECT_EQ(training.asked, (std::vector<std::int64_t>{0, 0, 0, 0}));
  }
}

TEST(IterativePruner, measures_its_criterion_anew) {
  int measured = 0;
  IterativePruner pruner(
      model_of(0),
      {.magnitude = {.amount = 0.5, .criterion = PruneCriterion::kGradient}, .iterations = 2},
      [&](const graph::Model& model) {
        ++measured;
        PruneStatistics statistics;
        for (const PrunableWeight& weight : prunable_weights(model))
          statistics.gradients.emplace(weight.name, model.weights.at(weight.name));
        return statistics;
      });
  (void)pruner.prune_and_finetune(Training().fn(), no_error);
  EXPECT_EQ(measured, 2);
}

TEST(SensitivityPruner, measures_each_weight_alone_and_spares_what_hurts) {
  const graph::Model model = model_of(0);
  const std::string precious = "temporal_encoder.lstm.weight_hh_l0";
  SensitivityPruner pruner(model, {.magnitude = {.amount = 0.6}});
  // The error is what is missing of one weight, and a little of all others.
  const Sensitivities sensitivities = pruner.compute_sensitivity(
      [&](const graph::Model& now) {
        const Sparsity sparsity = sparsity_of(now);
        return sparsity.weights.at(precious) + 0.01 * sparsity.overall;
      },
      0.5);
  EXPECT_NEAR(sensitivities.at(precious), 0.5, 0.01);
  for (const auto& [name, rise] : sensitivities) EXPECT_LE(rise, sensitivities.at(precious));
  pruner.prune();
  const Sparsity sparsity = pruner.compute_sparsity();
  EXPECT_NEAR(sparsity.overall, 0.6,
              1e-3 + 0.5 * static_cast<double>(sparsity.weights.size()) /
                         static_cast<double>(sparsity.elements));
  EXPECT_LT(sparsity.weights.at(precious), 0.2);
}

TEST(SensitivityPruner, allocates_the_amount_whatever_was_measured) {
  const graph::Model model = model_of(3);
  Rng rng(31);
  for (int round = 0; round < 50; ++round) {
    const double amount = rng.uniform(0.05, 0.95);
    SensitivityPruner pruner(model, {.magnitude = {.amount = amount}});
    Sensitivities sensitivities;
    double zeros = 0, elements = 0;
    for (const PrunableWeight& weight : prunable_weights(model))
      sensitivities[weight.name] = round == 0       ? 0
                                   : round % 3 == 0 ? rng.normal()
                                                    : std::exp(3 * rng.normal());
    for (const auto& [name, part] : pruner.allocate(sensitivities)) {
      EXPECT_GE(part, 0);
      EXPECT_LE(part, 0.99);
      zeros += part * static_cast<double>(model.weights.at(name).numel());
      elements += static_cast<double>(model.weights.at(name).numel());
      EXPECT_TRUE(round > 0 || std::abs(part - amount) < 1e-6) << "nothing hurts";
    }
    EXPECT_NEAR(zeros / elements, amount, 1e-6);
  }
}

TEST(LotteryTicketPruner, survivors_have_the_bits_of_step_k_and_the_rest_is_zero) {
  for (const std::int64_t k : {std::int64_t{0}, std::int64_t{7}}) {
    const graph::Model model = model_of(2);
    LotteryTicketPruner pruner(model,
                               {.magnitude = {.amount = 0.75}, .rounds = 3, .rewind_step = k});
    Training training;
    graph::Model at_k = model;
    const auto train = training.fn();
    const auto rounds = pruner.prune_and_finetune(
        [&](const graph::Model& start, const TensorMap& masks, std::int64_t steps) {
          graph::Model trained = train(start, masks, steps);
          if (steps == k && k > 0) at_k = trained;
          return trained;
        },
        no_error);
    ASSERT_EQ(rounds.size(), 3U);
    for (std::size_t r = 0; r < 3; ++r)
      EXPECT_NEAR(rounds[r].sparsity, 1 - std::pow(0.25, static_cast<double>(r + 1) / 3), 1e-3);
    const TensorMap masks = pruner.masks();
    for (const auto& [name, tensor] : pruner.make_permanent().weights) {
      const auto mask = masks.find(name);
      if (mask == masks.end()) {
        EXPECT_TRUE(bit_equal(tensor, at_k.weights.at(name))) << name;
        continue;
      }
      for (std::size_t i = 0; i < static_cast<std::size_t>(tensor.numel()); ++i) {
        ASSERT_EQ(tensor.data<float>()[i],
                  mask->second.data<bool>()[i] ? at_k.weights.at(name).data<float>()[i] : 0);
      }
    }
    EXPECT_EQ(training.asked.size(), k == 0 ? 3U : 4U);
  }
}

template <class Pruner, class O>
std::string error_of(const O& options) {
  return test::error_of([&] {
    Pruner pruner(model_of(0), options);
    pruner.prune();
  });
}

TEST(TrainedPruners, a_bad_request_is_one_clear_error) {
  EXPECT_THAT(error_of<IterativePruner>(IterativeOptions{.magnitude = {.pattern = "2:4"}}),
              HasSubstr("`pattern` is 2:4"));
  EXPECT_THAT(error_of<IterativePruner>(IterativeOptions{.iterations = 0}),
              HasSubstr("`iterations` is 0"));
  EXPECT_THAT(error_of<IterativePruner>(
                  IterativeOptions{.magnitude = {.criterion = PruneCriterion::kActivation}}),
              HasSubstr("needs something that measures it"));
  EXPECT_THAT(error_of<SensitivityPruner>(SensitivityOptions{}),
              HasSubstr("call compute_sensitivity() first"));
  EXPECT_THAT(error_of<LotteryTicketPruner>(LotteryOptions{.magnitude = {.amount = 1.1}}),
              HasSubstr("`amount` is 1.1"));
  SensitivityPruner pruner(model_of(0), {});
  EXPECT_THROW(pruner.compute_sensitivity([](const graph::Model&) { return NAN; }, 0.1), Error);
  EXPECT_THROW(pruner.prune(Sensitivities{}), Error);
}

}  // namespace
}  // namespace nest::compress
