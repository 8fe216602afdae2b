#include "nest/compress/fine_tune_options.h"
#include "nest/compress/iterative_pruner.h"
#include "nest/compress/lottery_ticket_pruner.h"
#include "nest/compress/prune.h"
#include "nest/compress/quantize.h"
#include "nest/compress/search_training.h"
#include "nest/compress/sensitivity_pruner.h"
#include "nest/compress/structured_pruner.h"
#include "nest/core/field_error.h"
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
  FineTuneOptions training{.epochs = 3, .learning_rate = 1e-3};
  training.distillation = {.teacher = "large.pt", .weight = 0.25, .temperature = 2};
  training.activation_scales = ActivationScales::kObserved;
  training.ema_decay = 0.9;
  training.text_within_s = 0.5;
  training.augment.join = 0.5;
  training.surround.before_s = 1;
  training.windows.window_s = 4;
  test::expect_options_laws(FineTuneOptions{}, training);
  training.epochs = 0;
  EXPECT_THROW(validate(training), FieldError);
}

SearchTraining with_student() {
  SearchTraining training;
  training.all.epochs = 2;
  training.code_epochs = 3;
  training.student = "small.yaml";
  training.student_key = "smaller";
  training.student_epochs = 20;
  return training;
}

TEST(OptionsLaw, of_training_in_a_search) {
  SearchTraining training = with_student();
  training.code_learning_rate = 1e-4;
  training.student_learning_rate = 2e-3;
  test::expect_options_laws(SearchTraining{}, training);
}

TEST(SearchTraining, each_kind_of_model_has_its_epochs_and_rate_and_the_float_one_as_teacher) {
  SearchTraining training = with_student();
  training.all.learning_rate = 0.01;
  training.student_learning_rate = 0.02;
  EXPECT_EQ(training.of_units().epochs, 2);
  EXPECT_EQ(training.of_codes().epochs, 3);
  EXPECT_DOUBLE_EQ(training.of_codes().learning_rate, 0.001);
  EXPECT_EQ(training.of_student().epochs, 20);
  EXPECT_DOUBLE_EQ(training.of_student().learning_rate, 0.02);
  EXPECT_EQ(training.of_student().distillation.weight, 0.5);
  training.all.distillation.weight = 0;
  EXPECT_FALSE(training.of_units().distillation.is_on());
}

TEST(SearchTraining, a_student_and_its_epochs_come_together) {
  SearchTraining training = with_student();
  training.student_epochs = 0;
  EXPECT_THROW(validate(training), FieldError);
  training = with_student();
  training.student.clear();
  EXPECT_THROW(validate(training), FieldError);
}

TEST(OptionsLaw, of_calibrators_and_quantization_after_training) {
  test::expect_options_laws(
      CalibratorOptions{},
      CalibratorOptions{.calibrator = Calibrator::kEntropy, .percentile = 99, .momentum = 0.5});
  test::expect_options_laws(PostTrainingOptions{},
                            PostTrainingOptions{.precision = graph::Precision::kInt4,
                                                .granularity = graph::Granularity::kPerTensor,
                                                .fixed_scales = FixedScales::kConvolutions,
                                                .calibration = {.percentile = 90}});
}

TEST(OptionsLaw, of_quantization) {
  QuantizeOptions mixed;
  mixed.method = QuantizeMethod::kMixed;
  mixed.layers = {{"a.b", Bits::k4}};
  mixed.sixteen = graph::Precision::kBf16;
  mixed.max_cer_increase = 0.5;
  test::expect_options_laws(QuantizeOptions{}, mixed);
}

std::string refused_field(const QuantizeOptions& options) {
  try {
    validate(options);
  } catch (const FieldError& error) {
    return error.field();
  }
  return "none";
}

TEST(QuantizeOptions, what_a_method_does_not_use_is_refused) {
  using M = QuantizeMethod;
  EXPECT_EQ(refused_field({}), "none");
  EXPECT_EQ(refused_field({.kinds = {"lstm"}}), "kinds");
  EXPECT_EQ(refused_field({.layers = {{"a", Bits::k8}}}), "layers");
  EXPECT_EQ(refused_field({.method = M::kDynamic, .budget_ms = 1}), "budget_ms");
  EXPECT_EQ(refused_field({.method = M::kMixed}), "method");
  EXPECT_EQ(refused_field({.method = M::kMixed, .budget_bytes = 10, .max_cer_increase = 1}),
            "budget_bytes");
  EXPECT_EQ(refused_field({.method = M::kMixed, .budget_bytes = 10}), "none");
  EXPECT_EQ(refused_field({.sixteen = graph::Precision::kInt8}), "sixteen");
  EXPECT_THROW(from_name<Bits>("3"), Error);
}

}  // namespace
}  // namespace nest::compress
