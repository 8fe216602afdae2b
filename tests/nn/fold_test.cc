// Batch norms folded into convolutions on LibTorch: the error, and what it excludes.
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/nn/executor.h"
#include "tests/support/unit_models.h"
#include "tests/support/unit_runs.h"

namespace nest::nn {
namespace {

bool has_batch_norm(const graph::Model& model) {
  for (const auto& [name, graph] : model.graphs) {
    for (const graph::Node& node : graph.nodes) {
      if (std::holds_alternative<graph::BatchNorm>(node.op)) return true;
    }
  }
  return false;
}

std::vector<test::UnitModel> models_with_batch_norm() {
  std::vector<test::UnitModel> models = test::unit_models();
  std::erase_if(models, [](const test::UnitModel& item) {
    return !has_batch_norm(test::make_unit_model(item));
  });
  return models;
}

class EveryFoldedModel : public testing::TestWithParam<test::UnitModel> {};
INSTANTIATE_TEST_SUITE_P(Model, EveryFoldedModel, testing::ValuesIn(models_with_batch_norm()),
                         [](const auto& info) { return info.param.name; });

TEST_P(EveryFoldedModel, differs_from_the_unfolded_one_by_rounding) {
  const graph::Model model = test::make_unit_model(GetParam());
  TorchExecutor folded(model, {.fold = true}), exact(model, {.precision = graph::Precision::kFp64});
  const TensorMap want = test::run_all(exact), got = test::run_all(folded);
  double worst = 0;
  for (const auto& [name, expected] : want) {
    if (expected.dtype() == DType::kI64) continue;
    const Tensor found = got.find(name)->second.to(DType::kF64), wide = expected.to(DType::kF64);
    ASSERT_EQ(found.shape(), wide.shape()) << name;
    for (std::size_t i = 0; i < static_cast<std::size_t>(wide.numel()); ++i) {
      const double w = wide.data<double>()[i];
      worst = std::max(worst, std::abs(found.data<double>()[i] - w) / (1 + std::abs(w)));
    }
  }
  RecordProperty("largest_error", fmt::format("{:.1e}", worst));
  EXPECT_LT(worst, 2e-6);
}

TEST(FoldedModel, says_so_and_refuses_to_train) {
  const graph::Model model = test::make_unit_model(test::unit_models().front());
  TorchExecutor folded(model, {.fold = true});
  EXPECT_NE(folded.describe().find("batch norms folded"), std::string::npos);
  EXPECT_FALSE(has_batch_norm(folded.model()));
  EXPECT_NO_THROW(folded.set_training(false));
  EXPECT_THROW(folded.set_training(true), Error);
  TorchExecutor plain(model);
  EXPECT_NO_THROW(plain.set_training(true));
}

}  // namespace
}  // namespace nest::nn
