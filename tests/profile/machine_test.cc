#include "nest/profile/machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nest::profile {
namespace {

TEST(Machine, names_its_cores_and_the_instruction_set_that_is_among_those_there_are) {
  const Json machine = machine_json();
  EXPECT_GE(machine.at("cores").get<int>(), 1);
  EXPECT_THAT(machine.at("isa").get<std::vector<std::string>>(),
              testing::Contains(machine.at("isa_selected").get<std::string>()));
  EXPECT_TRUE(machine.at("cache_bytes").contains("l2"));
}

}  // namespace
}  // namespace nest::profile
