#include "nest/train/options.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include "nest/core/config.h"
#include "nest/train/batch.h"
#include "nest/train/objective.h"
#include "nest/train/run.h"
#include "tests/support/error_of.h"
#include "tests/support/options_laws.h"

namespace nest::train {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TrainOptions changed() {
  TrainOptions options;
  options.epochs = 3;
  options.monitor = Monitor::kWer;
  options.optimizer.optimizer = OptimizerKind::kSgd;
  options.optimizer.learning_rate = 0.25;
  options.schedule.schedule = ScheduleKind::kStep;
  options.augment.join = 0.5;
  options.torch.device = "auto";
  return options;
}

TEST(TrainOptions, survive_json_and_refuse_what_is_unknown_or_impossible) {
  test::expect_options_laws(TrainOptions{}, changed());
  test::expect_options_laws(OptimizerOptions{}, changed().optimizer);
  test::expect_options_laws(ScheduleOptions{}, changed().schedule);
  test::expect_options_laws(data::AugmentOptions{}, changed().augment);
  test::expect_options_laws(nn::TorchOptions{}, changed().torch);
  test::expect_options_laws(PlanOptions{}, PlanOptions{3, 0, 7, changed().augment});
  test::expect_options_laws(ObjectiveOptions{}, ObjectiveOptions{0.1, 0.5, 7, 0.25});
  RunOptions run;
  run.data = "data";
  RunOptions other;
  other.text = {"a.txt", "b.txt"};
  other.resume = true;
  test::expect_options_laws(run, other);
}

TrainOptions applied(const std::string& yaml, const FieldNames& given = {},
                     TrainOptions options = {}) {
  apply_training_section(Config::parse(yaml, "m.yaml").get("training"), options, given);
  return options;
}

std::string refused(const std::string& yaml) {
  return test::error_of([&] { applied(yaml); }, ErrorCode::kDataCorrupt);
}

TEST(TrainingSection, keys_of_the_python_project_are_read) {
  const TrainOptions options = applied(R"(
training:
  batch_size: 12
  learning_rate: 0.0002
  clip_grad_norm: 2
  optimizer: adam
  scheduler: step
  scheduler_params: {step_size: 7, gamma: 0.25}
  epochs: 9
  early_stopping_patience: 4
)");
  EXPECT_EQ(options.batch_size, 12);
  EXPECT_EQ(options.optimizer.learning_rate, 0.0002);
  EXPECT_EQ(options.optimizer.clip_norm, 2);
  EXPECT_EQ(options.optimizer.optimizer, OptimizerKind::kAdam);
  EXPECT_EQ(options.schedule.schedule, ScheduleKind::kStep);
  EXPECT_EQ(options.schedule.step_epochs, 7);
  EXPECT_EQ(options.schedule.drop_factor, 0.25);
  EXPECT_EQ(options.epochs, 9);
  EXPECT_EQ(options.early_stopping, 4);
}

TEST(TrainingSection, the_floor_of_a_cosine_is_a_part_of_the_learning_rate) {
  const std::string yaml =
      "training: {learning_rate: 0.01, scheduler_params: {T_max: 100, eta_min: 0.0005}}";
  EXPECT_DOUBLE_EQ(applied(yaml).schedule.floor_factor, 0.05);
  EXPECT_DOUBLE_EQ(applied(yaml, {"floor_factor"}).schedule.floor_factor, 0.01);
}

TEST(TrainingSection, a_given_option_wins_even_when_it_equals_its_default) {
  const std::string yaml = "training: {learning_rate: 0.02, epochs: 7}";
  EXPECT_EQ(applied(yaml).optimizer.learning_rate, 0.02);
  const TrainOptions options = applied(yaml, {"learning_rate"});
  EXPECT_EQ(options.optimizer.learning_rate, TrainOptions{}.optimizer.learning_rate);
  EXPECT_EQ(options.epochs, 7);
}

TEST(TrainingSection, unknown_keys_name_file_line_and_what_is_known) {
  EXPECT_THAT(refused("training:\n  epochs: 2\n  learning_rat: 1\n"),
              AllOf(HasSubstr("m.yaml:1: training: unknown key 'learning_rat' (line 3)"),
                    HasSubstr("known keys: "), HasSubstr("did you mean 'learning_rate'?")));
  EXPECT_THAT(refused("training:\n  scheduler_params: {gama: 1}\n"),
              HasSubstr("unknown key 'gama' (line 2)"));
  EXPECT_THAT(refused("training: [1]"), HasSubstr("expected a map"));
  EXPECT_THAT(refused("training: {monitor: acc}"), HasSubstr("known: loss, wer, cer"));
}

}  // namespace
}  // namespace nest::train
