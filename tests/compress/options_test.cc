#include "nest/compress/fine_tune_options.h"
#include "nest/compress/iterative_pruner.h"
#include "nest/compress/lottery_ticket_pruner.h"
#include "nest/compress/prune.h"
#include "nest/compress/sensitivity_pruner.h"
#include "nest/compress/structured_pruner.h"
#include "tests/support/options_laws.h"

namespace nest::compress {
namespace {

TEST(OptionsLaw, of_pruning_by_magnitude) {
  test::expect_options_laws(MagnitudeOptions{},
                            MagnitudeOptions{.amount = 0.3,
                                             .pattern = "block",
                                             .scope = PruneScope::kLayer,
                                             .criterion = PruneCriterion::kGradient,
                                             .layers = {{"a.b", 0.2}},
                                             .most_of_layer = 0.9});
}

TEST(OptionsLaw, of_pruning_by_units) {
  test::expect_options_laws(StructuredOptions{},
                            StructuredOptions{.amount = 0.4,
                                              .scope = PruneScope::kGlobal,
                                              .criterion = PruneCriterion::kActivation,
                                              .layers = {{"a.b", 0.2}},
                                              .most_of_layer = 0.8,
                                              .multiple = 8,
                                              .inexact = true});
}

TEST(OptionsLaw, of_pruning_with_training_between) {
  test::expect_options_laws(
      IterativeOptions{},
      IterativeOptions{
          .magnitude = {.amount = 0.7}, .iterations = 3, .schedule = PruneSchedule::kConstant});
  test::expect_options_laws(SensitivityOptions{}, SensitivityOptions{.probe_amount = 0.2});
  test::expect_options_laws(LotteryOptions{}, LotteryOptions{.rounds = 2, .rewind_step = 10});
}

TEST(OptionsLaw, of_one_verb_for_all_pruners) {
  test::expect_options_laws(PruneOptions{}, PruneOptions{.method = PruneMethod::kLottery,
                                                         .amount = 0.4,
                                                         .scope = PruneScope::kLayer,
                                                         .rewind_step = 5});
  test::expect_options_laws(FineTuneOptions{}, FineTuneOptions{.epochs = 3, .learning_rate = 1e-3});
}

}  // namespace
}  // namespace nest::compress
