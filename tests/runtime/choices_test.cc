#include "nest/runtime/choices.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "kernels_test_util.h"
#include "runtime/machine_impl.h"
#include "runtime/measured_kernels.h"

namespace nest::runtime {
namespace {

class Bf16 : public EveryIsa {};
NEST_EVERY_ISA(Bf16);

TEST_P(Bf16, products_go_the_way_that_was_measured_and_nothing_else_changes) {
  const Bf16Choice& choice = bf16_choice(GetParam());
  EXPECT_LE(choice.kernels, GetParam());
  ASSERT_TRUE(choice.gmacs.contains(choice.kernels));
  const double own_gmacs = choice.gmacs.at(GetParam());
  for (const auto& [isa, gmacs] : choice.gmacs) {
    EXPECT_LE(gmacs, std::max(1.1001 * own_gmacs, 1.0001 * choice.gmacs.at(choice.kernels)))
        << name_of(isa);
  }
  const Kernels& own = kernels_for(GetParam());
  const Kernels& measured = measured_kernels(GetParam());
  EXPECT_EQ(measured.gemm_bf16, kernels_for(choice.kernels).gemm_bf16);
  EXPECT_EQ(measured.gemm_f32, own.gemm_f32);
  EXPECT_EQ(measured.gemm_s8, own.gemm_s8);
  EXPECT_EQ(&bf16_choice(GetParam()), &choice) << "measured once a process";
}

TEST_P(Bf16, products_of_a_forced_instruction_set_are_its_own) {
  const Machine machine({.isa = std::string(name_of(GetParam()))});
  EXPECT_EQ(machine.impl().kernels, &kernels_for(GetParam()));
}

}  // namespace
}  // namespace nest::runtime
