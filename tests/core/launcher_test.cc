// Which process or task of how many this is, from a launcher's variables.
#include "nest/core/launcher.h"

#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "tests/support/variables.h"

namespace nest {
namespace {

using test::lookup_of;
using test::Variables;

TEST(Launcher, without_variables_a_process_is_alone) {
  EXPECT_EQ(launched_process(lookup_of({})).count, 1);
  EXPECT_FALSE(array_task(lookup_of({})).has_value());
}

TEST(Launcher, each_is_understood) {
  const Launched torchrun = launched_process(
      lookup_of({{"RANK", "1"}, {"WORLD_SIZE", "4"}, {"LOCAL_RANK", "1"}, {"SLURM_PROCID", "0"}}));
  EXPECT_EQ(torchrun.index, 1);
  EXPECT_EQ(torchrun.count, 4);
  EXPECT_EQ(torchrun.local_index, 1);
  const Launched mpi =
      launched_process(lookup_of({{"OMPI_COMM_WORLD_RANK", "2"}, {"OMPI_COMM_WORLD_SIZE", "3"}}));
  EXPECT_EQ(mpi.index, 2);
  const Launched slurm =
      launched_process(lookup_of({{"SLURM_PROCID", "5"}, {"SLURM_STEP_NUM_TASKS", "8"}}));
  EXPECT_EQ(slurm.index, 5);
  EXPECT_EQ(slurm.count, 8);
}

TEST(Launcher, a_batch_script_of_slurm_is_alone_and_its_steps_are_together) {
  Variables script{{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "2"}};
  EXPECT_EQ(launched_process(lookup_of(script)).count, 1);
  script["SLURM_STEP_NUM_TASKS"] = "2";
  EXPECT_EQ(launched_process(lookup_of(script)).count, 2);
}

TEST(Launcher, values_that_do_not_fit_are_refused) {
  for (const char* index : {"4", "x", "-1", "1x"}) {
    EXPECT_THROW(launched_process(lookup_of({{"RANK", index}, {"WORLD_SIZE", "4"}})), Error);
  }
}

struct Cluster {
  const char* name;
  Variables variables;
  std::optional<int> count;
};

class ArrayTasks : public testing::TestWithParam<Cluster> {};

TEST_P(ArrayTasks, are_understood) {
  const std::optional<ArrayTask> task = array_task(lookup_of(GetParam().variables));
  ASSERT_TRUE(task.has_value());
  EXPECT_EQ(task->index, 2);
  EXPECT_EQ(task->count, GetParam().count);
  EXPECT_TRUE(GetParam().variables.contains(task->variable));
}

INSTANTIATE_TEST_SUITE_P(
    Launcher, ArrayTasks,
    testing::Values(
        Cluster{"slurm",
                {{"SLURM_ARRAY_TASK_ID", "2"},
                 {"SLURM_ARRAY_TASK_COUNT", "4"},
                 {"SLURM_ARRAY_TASK_MAX", "3"}},
                4},
        Cluster{"slurm_some_again",
                {{"SLURM_ARRAY_TASK_ID", "2"},
                 {"SLURM_ARRAY_TASK_COUNT", "1"},
                 {"SLURM_ARRAY_TASK_MAX", "2"}},
                std::nullopt},
        Cluster{"kubernetes", {{"JOB_COMPLETION_INDEX", "2"}}, std::nullopt},
        Cluster{"aws", {{"AWS_BATCH_JOB_ARRAY_INDEX", "2"}, {"AWS_BATCH_JOB_ARRAY_SIZE", "4"}}, 4},
        Cluster{"google", {{"BATCH_TASK_INDEX", "2"}, {"BATCH_TASK_COUNT", "4"}}, 4},
        Cluster{"cloud_run", {{"CLOUD_RUN_TASK_INDEX", "2"}, {"CLOUD_RUN_TASK_COUNT", "4"}}, 4}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace nest
