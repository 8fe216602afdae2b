// Which process of how many this is, and where they meet, from a launcher's variables.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/train/distributed.h"
#include "tests/support/variables.h"

namespace nest::train {
namespace {

Placement placement_with(const test::Variables& values) {
  return placement_from(test::lookup_of(values));
}

TEST(Placement, is_where_the_launcher_says) {
  EXPECT_EQ(placement_with({}).size, 1);
  EXPECT_EQ(placement_with({{"RANK", "1"}, {"WORLD_SIZE", "4"}, {"MASTER_PORT", "123"}}).port, 123);
  test::Variables slurm{{"SLURM_PROCID", "5"},
                        {"SLURM_STEP_NUM_TASKS", "8"},
                        {"SLURM_JOB_NODELIST", "node[03-07,12],x"}};
  EXPECT_EQ(placement_with(slurm).address, "node03");
  EXPECT_EQ(placement_with(slurm).rank, 5);
  slurm["MASTER_ADDR"] = "other";
  EXPECT_EQ(placement_with(slurm).address, "other");
}

TEST(Placement, a_port_that_the_launchers_agent_holds_is_left_to_it) {
  std::map<std::string, std::string> torchrun{
      {"RANK", "0"}, {"WORLD_SIZE", "2"}, {"MASTER_PORT", "29500"}};
  torchrun["TORCHELASTIC_USE_AGENT_STORE"] = "False";
  EXPECT_EQ(placement_with(torchrun).port, 29500);
  torchrun["TORCHELASTIC_USE_AGENT_STORE"] = "True";
  EXPECT_EQ(placement_with(torchrun).port, 29501);
  torchrun["NEST_MASTER_PORT"] = "4000";
  EXPECT_EQ(placement_with(torchrun).port, 4000);
}

TEST(Placement, a_port_that_is_none_is_refused_with_the_variable_that_gives_another) {
  for (const char* held : {"65535", "70000"}) {
    EXPECT_THAT(
        [&] {
          placement_with({{"MASTER_PORT", held}, {"TORCHELASTIC_USE_AGENT_STORE", "True"}});
        },
        testing::ThrowsMessage<Error>(testing::HasSubstr("NEST_MASTER_PORT")));
  }
}

}  // namespace
}  // namespace nest::train
