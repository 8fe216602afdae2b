// Models without some of their units on LibTorch: as the masked ones there, and as on the runtime.
#include "nest/graph/units.h"

#include <gtest/gtest.h>

#include "nest/nn/executor.h"
#include "nest/runtime/executor.h"
#include "nest/runtime/prepared.h"
#include "tests/support/unit_models.h"
#include "tests/support/unit_runs.h"

namespace nest::nn {
namespace {

class EveryUnitModel : public testing::TestWithParam<test::UnitModel> {};
INSTANTIATE_TEST_SUITE_P(Model, EveryUnitModel, testing::ValuesIn(test::unit_models()),
                         [](const auto& info) { return info.param.name; });

/// Compares outputs of equal shape; returns how many there were.
int compare(const TensorMap& got, const TensorMap& want, double tolerance) {
  int compared = 0;
  for (const auto& [name, expected] : want) {
    const Tensor& found = got.find(name)->second;
    if (found.shape() != expected.shape() || expected.dtype() != DType::kF32) continue;
    ++compared;
    for (std::size_t i = 0; i < static_cast<std::size_t>(expected.numel()); ++i) {
      const double w = expected.data<float>()[i];
      EXPECT_NEAR(found.data<float>()[i], w, tolerance * (1 + std::abs(w))) << name;
    }
  }
  return compared;
}

void compare_with_masked(const graph::Model& model, Rng& rng) {
  for (const graph::UnitGroup& group : unit_groups(model)) {
    const graph::UnitChoice keep = test::random_choice(group, rng);
    graph::Model reduced = model, masked = model;
    remove_units(reduced, group, keep);
    mask_units(masked, group, keep);
    TorchExecutor torch(reduced), dense(masked);
    runtime::NativeExecutor native(runtime::prepare(reduced));
    const TensorMap outputs = test::run_all(torch);
    EXPECT_GT(compare(test::run_all(native), outputs, 1e-5), 0) << group.name;
    if (group.is_exact) {
      EXPECT_GT(compare(outputs, test::run_all(dense), 2e-6), 0) << group.name;
    }
  }
}

TEST_P(EveryUnitModel, without_units_agrees_with_the_masked_model_and_between_executors) {
  Rng rng(41);
  compare_with_masked(test::make_unit_model(GetParam()), rng);
}

TEST_P(EveryUnitModel, of_any_sizes_agrees_with_the_masked_model_and_between_executors) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    compare_with_masked(test::in_random_sizes(test::make_unit_model(GetParam()), rng), rng);
  }
}

}  // namespace
}  // namespace nest::nn
