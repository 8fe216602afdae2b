#include "nest/compress/input_norms.h"

#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/runtime/executor.h"
#include "nest/runtime/prepared.h"
#include "tests/support/unit_models.h"
#include "tests/support/unit_runs.h"

namespace nest::compress {
namespace {

void expect_values(const Tensor& tensor, const std::vector<float>& values) {
  ASSERT_EQ(tensor.shape(), (Shape{static_cast<std::int64_t>(values.size())}));
  for (std::size_t i = 0; i < values.size(); ++i)
    EXPECT_NEAR(tensor.data<float>()[i], values[i], 1e-5 * (1 + values[i])) << i;
}

TEST(InputNorms, are_root_mean_squares_of_what_each_input_carries) {
  const graph::Model model = test::make_unit_model(test::unit_models()[0]);
  InputNorms norms;
  const std::size_t head = norms.number_of("ctc_decoder.output_proj");
  EXPECT_EQ(norms.number_of("ctc_decoder.output_proj"), head);
  std::vector<float> rows(3 * 16, 0);  // two rows of 12, 16 apart
  rows[0] = 3;
  rows[16] = 4;
  rows[5] = rows[21] = 2;
  norms.observe(head, {rows.data(), 2, 12, 16});
  const TensorMap found = norms.activations(model);
  std::vector<float> expected(12, 0);
  expected[0] = std::sqrt(12.5F);
  expected[5] = 2;
  expect_values(found.at("ctc_decoder.output_proj.weight"), expected);
  expect_values(found.at("temporal_encoder.lstm.weight_hh_l0"), std::vector<float>(6, 1));
}

TEST(InputNorms, tell_inputs_of_recurrent_layers_and_directions_apart) {
  const graph::Model model = test::make_unit_model(test::unit_models()[0]);
  InputNorms norms;
  const std::vector<float> row{5, 6, 7, 8, 9, 10};
  norms.observe(norms.number_of("temporal_encoder.lstm/l0r/hh"), {row.data(), 1, 6, 6});
  const TensorMap found = norms.activations(model);
  expect_values(found.at("temporal_encoder.lstm.weight_hh_l0_reverse"), row);
  expect_values(found.at("temporal_encoder.lstm.weight_hh_l0"), std::vector<float>(6, 1));
}

TEST(InputNorms, of_a_run_serve_the_criterion_activation_for_every_weight) {
  for (const test::UnitModel& item : test::unit_models()) {
    graph::Model model = test::make_unit_model(item);
    InputNorms norms;
    runtime::NativeExecutor executor(runtime::prepare(model, {}, &norms));
    (void)test::run_all(executor);
    const PruneStatistics statistics{{}, norms.activations(model)};
    for (const PrunableWeight& weight : prunable_weights(model)) {
      EXPECT_NO_THROW(element_scores(PruneCriterion::kActivation, weight,
                                     model.weights.at(weight.name), statistics))
          << item.name << " " << weight.name;
    }
  }
}

TEST(InputNorms, nothing_shown_is_one_clear_error) {
  EXPECT_THROW(InputNorms().activations(test::make_unit_model(test::unit_models()[0])), Error);
}

}  // namespace
}  // namespace nest::compress
