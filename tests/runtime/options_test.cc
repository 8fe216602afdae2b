// What holds for every options struct of this module.
#include "nest/runtime/options.h"

#include "tests/support/options_laws.h"

namespace nest::runtime {
namespace {

TEST(RuntimeOptions, survive_json_and_refuse_what_is_unknown_or_impossible) {
  test::expect_options_laws(PrepareOptions{}, PrepareOptions{false, false});
  test::expect_options_laws(MachineOptions{}, MachineOptions{"generic", 2, 0, true});
}

TEST(RuntimeOptions, an_unknown_instruction_set_is_refused) {
  EXPECT_THROW(validate(MachineOptions{.isa = "mmx"}), Error);
}

}  // namespace
}  // namespace nest::runtime
