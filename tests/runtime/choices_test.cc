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
  EXPECT_EQ(&bf16_choice(GetParam()), &choice) << "measured once a process";
}

class Int8 : public EveryIsa {};
NEST_EVERY_ISA(Int8);

TEST_P(Int8, products_of_few_and_of_many_rows_go_the_ways_that_were_measured) {
  const Int8Choice& choice = int8_choice(GetParam());
  EXPECT_LE(choice.few, GetParam());
  EXPECT_TRUE(choice.many == GetParam() || choice.many == choice.few);
  const Kernels& measured = measured_kernels(GetParam());
  EXPECT_EQ(measured.gemm_s8, kernels_for(choice.few).gemm_s8);
  if (choice.many == choice.few) {
    EXPECT_EQ(measured.many_rows, 0);
    return;
  }
  EXPECT_EQ(measured.gemm_s8_many, kernels_for(choice.many).gemm_s8);
  EXPECT_EQ(measured.many_rows, choice.many_rows);
  for (const auto& [rows, gmacs] : choice.gmacs.at(choice.many)) {
    if (rows < choice.many_rows) continue;
    EXPECT_GE(1.1001 * gmacs, choice.gmacs.at(choice.few).at(rows)) << rows << " rows";
  }
}

TEST(Int8Choice, on_matrix_units_is_a_number_of_rows) {
  const auto isas = available_isas();
  // Intel's servers from 2023 on have them; without there is no choice to look at.
  if (std::ranges::find(isas, Isa::kAvx512Amx) == isas.end())
    GTEST_SKIP() << "this machine has no matrix units";
#ifdef NEST_IS_SANITIZED
  // Which of the two is faster there says nothing of the kernels that ship.
  GTEST_SKIP() << "kernels with checks in them are not those that are chosen from";
#endif
  const Int8Choice& choice = int8_choice(Isa::kAvx512Amx);
  EXPECT_EQ(choice.few, Isa::kAvx512Bf16) << "one row is a dot product's";
  EXPECT_EQ(choice.many, Isa::kAvx512Amx);
  EXPECT_GT(choice.many_rows, 1);
}

TEST_P(Bf16, products_of_a_forced_instruction_set_are_its_own) {
  const Machine machine({.isa = std::string(name_of(GetParam()))});
  EXPECT_EQ(machine.impl().kernels, &kernels_for(GetParam()));
}

}  // namespace
}  // namespace nest::runtime
