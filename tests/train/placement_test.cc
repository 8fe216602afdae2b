// Which process of how many this is, and where they meet, from a launcher's variables.
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/train/distributed.h"

namespace nest::train {
namespace {

Placement placement_with(const std::map<std::string, std::string>& values) {
  return placement_from([&](const std::string& name) -> std::optional<std::string> {
    const auto it = values.find(name);
    return it == values.end() ? std::nullopt : std::optional(it->second);
  });
}

TEST(Placement, is_where_the_launcher_says) {
  EXPECT_EQ(placement_with({}).size, 1);
  EXPECT_EQ(placement_with({{"RANK", "1"}, {"WORLD_SIZE", "4"}, {"MASTER_PORT", "123"}}).port, 123);
  std::map<std::string, std::string> slurm{{"SLURM_PROCID", "5"},
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
