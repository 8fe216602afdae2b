#include "nest/compress/figures.h"

#include <gtest/gtest.h>

#include "nest/core/json.h"
#include "nest/graph/cost.h"
#include "nest/graph/frames.h"
#include "tests/support/unit_models.h"

namespace nest::compress {
namespace {

class EveryFigures : public testing::TestWithParam<test::UnitModel> {};
INSTANTIATE_TEST_SUITE_P(Model, EveryFigures, testing::ValuesIn(test::unit_models()),
                         [](const auto& info) { return info.param.name; });

TEST_P(EveryFigures, count_what_the_graphs_hold) {
  const graph::Model model = test::make_unit_model(GetParam());
  const ModelFigures figures = figures_of(model);
  EXPECT_EQ(figures.parameters, model.num_parameters());
  EXPECT_EQ(figures.weight_bytes, graph::weight_bytes(model));
  EXPECT_GT(figures.macs, 0);
  graph::Model zeros = model;
  for (auto& [name, tensor] : zeros.weights) {
    if (tensor.dtype() == DType::kF32)
      for (float& value : tensor.mutable_data<float>()) value = 0;
  }
  EXPECT_EQ(figures_of(zeros).sparsity, 1);
  EXPECT_EQ(to_json(figures).at("macs"), figures.macs);
}

TEST(Figures, are_of_one_second_of_signal) {
  graph::Model model = test::small_bilstm(1);
  model.signal.rate_hz = 250;
  const ModelFigures figures = figures_of(model);
  EXPECT_EQ(figures.samples, 250);
  const auto macs = [&](const char* name, graph::Bindings bindings) {
    return graph::total(graph::graph_cost(model, name, bindings)).macs;
  };
  const std::string axis = *model.graph("ctc_head").values.at(0).shape.at(1).symbols().begin();
  EXPECT_EQ(figures.macs, macs("encoder", {{"B", 1}, {"T", 250}}) +
                              macs("ctc_head", {{"B", 1}, {axis, graph::num_frames(model, 250)}}));
  model.signal.rate_hz = 2;
  EXPECT_EQ(figures_of(model).samples, graph::min_samples(model));
}

}  // namespace
}  // namespace nest::compress
