#include <cmath>

#include <gtest/gtest.h>

#include "families.h"
#include "kernels_test_util.h"
#include "nest/graph/rewrite.h"
#include "nest/runtime/executor.h"
#include "tests/support/causal_models.h"

namespace nest::runtime {
namespace {

int batch_norms(const graph::Model& model) {
  int count = 0;
  for (const auto& [name, graph] : model.graphs) {
    for (const graph::Node& node : graph.nodes) {
      count += std::holds_alternative<graph::BatchNorm>(node.op) ? 1 : 0;
    }
  }
  return count;
}

class EveryFrontEnd : public testing::TestWithParam<test::CausalCase> {};
INSTANTIATE_TEST_SUITE_P(Model, EveryFrontEnd, testing::ValuesIn(test::causal_cases()),
                         [](const auto& info) { return info.param.name; });

/// The rewrite of the graph itself; the runtime's own folding is off.
TEST_P(EveryFrontEnd, folded_batch_norms_give_the_unfolded_result) {
  const graph::Model model = test::make_causal_model(GetParam());
  graph::Model folded = model;
  const int count = graph::fold_batch_norm(folded);
  EXPECT_EQ(batch_norms(folded), batch_norms(model) - count);
  // A filter bank takes logarithms before its batch norms, so none follows a convolution there.
  EXPECT_EQ(count > 0, GetParam().name.find("filter_bank") == std::string::npos);

  const Tensor eeg = Tensor::from<float>({2, test::kCausalChannels, 300},
                                         random_floats(2 * test::kCausalChannels * 300, 6));
  const auto encode = [&](const graph::Model& given) {
    return NativeExecutor(prepare(given, {.rewrite = false}))
        .run("encoder", {{"eeg_data", eeg}})
        .at("encoder_output");
  };
  const Tensor want = encode(model), got = encode(folded);
  ASSERT_EQ(got.shape(), want.shape());
  for (std::size_t i = 0; i < static_cast<std::size_t>(want.numel()); ++i) {
    const float w = want.data<float>()[i];
    ASSERT_NEAR(got.data<float>()[i], w, 1e-5 * (1 + std::fabs(w))) << i;
  }
}

TEST(LayerNorm, before_a_product_is_part_of_it) {
  const Family& conformer = kFamilies[3];
  const auto fused = prepare(make_model(conformer));
  const std::string plan = fused->report("encoder", {{"B", 1}, {"T", 400}}, {"lengths"});
  EXPECT_NE(plan.find("layer norm, linear fp32"), std::string::npos) << plan;
  const auto apart = prepare(make_model(conformer), {.rewrite = false});
  EXPECT_EQ(apart->report("encoder", {{"B", 1}, {"T", 400}}, {"lengths"}).find("layer norm, "),
            std::string::npos);
  const TensorMap inputs = random_inputs(fused->model().graph("encoder"), {{"B", 2}, {"T", 400}});
  const auto run = [&](const std::shared_ptr<const PreparedModel>& prepared) {
    return NativeExecutor(prepared).run("encoder", inputs).at("encoder_output");
  };
  const Tensor got = run(fused), want = run(apart);
  for (std::size_t i = 0; i < static_cast<std::size_t>(want.numel()); ++i) {
    const float w = want.data<float>()[i];
    ASSERT_NEAR(got.data<float>()[i], w, 1e-5 * (1 + std::fabs(w))) << i;
  }
}

}  // namespace
}  // namespace nest::runtime
