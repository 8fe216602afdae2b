#include "nest/compress/assignment.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/core/rng.h"

namespace nest::compress {
namespace {

using Layers = std::vector<std::vector<AssignmentChoice>>;

Layers random_layers(Rng& rng) {
  Layers layers(1 + rng.below(7));
  for (auto& layer : layers) {
    layer.resize(1 + rng.below(4));
    for (AssignmentChoice& choice : layer) {
      // Small integers make ties.
      choice = {static_cast<double>(rng.below(12)), static_cast<double>(rng.below(20)) - 5};
    }
  }
  return layers;
}

/// Least loss within the budget over all assignments; infinity if there is none.
double brute_force(const Layers& layers, double budget, std::size_t from = 0) {
  if (from == layers.size()) return budget >= 0 ? 0 : std::numeric_limits<double>::infinity();
  double least = std::numeric_limits<double>::infinity();
  for (const AssignmentChoice& choice : layers[from])
    least = std::min(least, choice.loss + brute_force(layers, budget - choice.cost, from + 1));
  return least;
}

TEST(AssignmentBruteForce, no_other_choice_within_the_budget_loses_less) {
  Rng rng(7);
  int feasible = 0;
  for (int round = 0; round < 300; ++round) {
    const Layers layers = random_layers(rng);
    const double budget = static_cast<double>(rng.below(60)) - 15;
    const double want = brute_force(layers, budget);
    if (want == std::numeric_limits<double>::infinity()) {
      EXPECT_THROW(assign_choices(layers, budget), Error) << "round " << round;
      continue;
    }
    ++feasible;
    const Assignment made = assign_choices(layers, budget);
    double loss = 0, cost = 0;
    for (std::size_t i = 0; i < layers.size(); ++i) {
      loss += layers[i][made.chosen[i]].loss;
      cost += layers[i][made.chosen[i]].cost;
    }
    EXPECT_EQ(made.loss, want) << "round " << round;
    EXPECT_EQ(loss, want);
    EXPECT_LE(cost, budget);
    EXPECT_EQ(made.cost, cost);
    EXPECT_TRUE(made.is_exact);
  }
  EXPECT_GT(feasible, 100);
}

TEST(Assignment, thinned_states_keep_the_budget_and_say_so) {
  Rng rng(9);
  Layers layers(24, std::vector<AssignmentChoice>(4));
  for (auto& layer : layers)
    for (AssignmentChoice& choice : layer) choice = {rng.uniform(0, 1), rng.uniform(0, 1)};
  const Assignment exact = assign_choices(layers, 8), thin = assign_choices(layers, 8, 64);
  EXPECT_FALSE(thin.is_exact);
  EXPECT_LE(thin.cost, 8);
  EXPECT_GE(thin.loss, exact.loss);
  EXPECT_LT(thin.loss, 1.2 * exact.loss);
}

TEST(Assignment, equal_losses_take_the_least_cost_then_the_first_choice) {
  EXPECT_THAT(assign_choices({{{0, 9}, {0, 3}, {0, 3}}}, 10).chosen, testing::ElementsAre(1));
}

TEST(Assignment, a_budget_below_the_cheapest_is_an_error_that_names_it) {
  try {
    assign_choices({{{0, 4}, {1, 2}}, {{0, 3}}}, 4.5);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("4.5 is less than the 5"));
  }
}

}  // namespace
}  // namespace nest::compress
