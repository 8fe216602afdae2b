#include "nest/compress/magnitude_pruner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/compress/pattern.h"
#include "nest/core/error.h"
#include "nest/runtime/executor.h"
#include "nest/runtime/prepared.h"
#include "tests/support/error_of.h"
#include "tests/support/unit_models.h"
#include "tests/support/unit_runs.h"

namespace nest::compress {
namespace {

using ::testing::HasSubstr;

constexpr double kPointOnePercent = 1e-3;

graph::Model recurrent_model(std::int64_t hidden) {
  graph::Model model = graph::build_model(
      "nest_ctc",
      Config::parse(
          fmt::format("{{n_channels: 5, spatial_cnn: {{type: EEGNet, n_channels: 5, sampling_rate: "
                      "32, n_pointwise_filters: 16}}, temporal_encoder: {{type: LSTM, hidden_dim: "
                      "{}, num_layers: 2, bidirectional: true}}, decoder: {{vocab_size: 11}}}}",
                      hidden),
          "test"));
  Rng rng(5);
  graph::initialize_weights(model, rng);
  return model;
}

class EveryPrunedModel : public testing::TestWithParam<test::UnitModel> {};
INSTANTIATE_TEST_SUITE_P(Model, EveryPrunedModel, testing::ValuesIn(test::unit_models()),
                         [](const auto& info) { return info.param.name; });

TEST_P(EveryPrunedModel, has_the_zeros_asked_for_in_every_scope) {
  const graph::Model model = test::make_unit_model(GetParam());
  Rng rng(3);
  for (const PruneScope scope : {PruneScope::kGlobal, PruneScope::kLayer}) {
    const double amount = rng.uniform(0.1, 0.95);
    MagnitudePruner pruner(model, {.amount = amount, .scope = scope});
    pruner.prune();
    const Sparsity sparsity = pruner.compute_sparsity();
    // The nearest number of elements, of each weight if each meets the amount.
    const auto weights = static_cast<double>(sparsity.weights.size());
    const double steps = scope == PruneScope::kLayer ? weights : 1;
    EXPECT_NEAR(sparsity.overall, amount,
                std::max(kPointOnePercent, 0.5 * steps / static_cast<double>(sparsity.elements)));
    EXPECT_EQ(sparsity, sparsity_of(pruner.make_permanent()));
    for (const auto& [name, part] : sparsity.weights) EXPECT_LT(part, 1) << name;
  }
}

TEST_P(EveryPrunedModel, changes_no_other_value_and_runs) {
  const graph::Model model = test::make_unit_model(GetParam());
  MagnitudePruner pruner(model, {.amount = 0.6});
  pruner.prune();
  for (const auto& [name, tensor] : pruner.model().weights) {
    const auto mask = pruner.masks().find(name);
    if (mask == pruner.masks().end()) {
      EXPECT_TRUE(bit_equal(tensor, model.weights.at(name))) << name;
      continue;
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(tensor.numel()); ++i) {
      EXPECT_EQ(tensor.data<float>()[i],
                mask->second.data<bool>()[i] ? model.weights.at(name).data<float>()[i] : 0)
          << name;
    }
  }
  runtime::NativeExecutor executor(runtime::prepare(pruner.make_permanent()));
  EXPECT_FALSE(test::run_all(executor).empty());
  EXPECT_TRUE(pruner.masks().empty());
}

TEST(MagnitudePruner, takes_the_smallest_of_all_layers_or_of_each) {
  const graph::Model model = recurrent_model(16);
  MagnitudePruner global(model, {.amount = 0.4}),
      layer(model, {.amount = 0.4, .scope = PruneScope::kLayer});
  global.prune();
  layer.prune();
  float largest_zeroed = 0, smallest_kept = 1e9F;
  for (const auto& [name, mask] : global.masks()) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(mask.numel()); ++i) {
      const float size = std::abs(model.weights.at(name).data<float>()[i]);
      if (mask.data<bool>()[i]) {
        smallest_kept = std::min(smallest_kept, size);
      } else {
        largest_zeroed = std::max(largest_zeroed, size);
      }
    }
  }
  EXPECT_LE(largest_zeroed, smallest_kept);
  const auto weights = layer.compute_sparsity().weights;
  EXPECT_NEAR(weights.at("temporal_encoder.lstm.weight_hh_l1_reverse"), 0.4, kPointOnePercent);
  EXPECT_GT(std::abs(global.compute_sparsity().weights.at("ctc_decoder.output_proj.weight") - 0.4),
            kPointOnePercent);
}

TEST(MagnitudePruner, gives_layers_amounts_of_their_own_by_the_longest_path) {
  MagnitudePruner pruner(recurrent_model(32),
                         {.amount = 0.5,
                          .layers = {{"temporal_encoder", 0.8},
                                     {"temporal_encoder.lstm.weight_hh_l0", 0.25},
                                     {"ctc_decoder", 0}}});
  pruner.prune();
  const auto weights = pruner.compute_sparsity().weights;
  EXPECT_NEAR(weights.at("temporal_encoder.lstm.weight_hh_l0"), 0.25, kPointOnePercent);
  EXPECT_EQ(weights.at("ctc_decoder.output_proj.weight"), 0);
  EXPECT_GT(weights.at("temporal_encoder.lstm.weight_ih_l0"), 0.6);
}

TEST(MagnitudePruner, blocks_are_those_that_the_runtime_skips) {
  MagnitudePruner pruner(recurrent_model(64), {.amount = 0.75, .pattern = "block"});
  pruner.prune();
  EXPECT_NEAR(pruner.compute_sparsity().overall, 0.75, kPointOnePercent);
  const auto prepared = runtime::prepare(pruner.model());
  runtime::NativeExecutor executor(prepared);
  (void)test::run_all(executor);
  const auto dense = runtime::prepare(recurrent_model(64));
  runtime::NativeExecutor other(dense);
  (void)test::run_all(other);
  EXPECT_LT(executor.weight_bytes(), other.weight_bytes() / 2);
}

TEST(MagnitudePruner, keeps_n_of_m_inputs_of_every_row) {
  const graph::Model model = recurrent_model(30);
  for (const auto& [text, n, m] : {std::tuple{"2:4", 2, 4}, std::tuple{"1:4", 1, 4}}) {
    MagnitudePruner pruner(model, {.pattern = text});
    pruner.prune();
    const Sparsity sparsity = pruner.compute_sparsity();
    EXPECT_NEAR(sparsity.overall, 1 - static_cast<double>(n) / m, kPointOnePercent) << text;
    const Tensor& mask = pruner.masks().at("temporal_encoder.lstm.weight_hh_l0");
    for (std::int64_t row = 0; row < mask.dim(0); ++row) {
      for (std::int64_t begin = 0; begin < 30; begin += m) {
        int kept = 0;
        for (std::int64_t i = begin; i < std::min<std::int64_t>(30, begin + m); ++i)
          kept += mask.data<bool>()[static_cast<std::size_t>(row * 30 + i)];
        EXPECT_LE(kept, n);
        EXPECT_TRUE(begin + m > 30 || kept == n);
      }
    }
  }
}

TEST(MagnitudePruner, other_criteria_weigh_with_what_was_measured) {
  const graph::Model model = recurrent_model(16);
  const std::string name = "temporal_encoder.lstm.weight_ih_l1";
  PruneStatistics statistics;
  for (const PrunableWeight& weight : prunable_weights(model)) {
    Tensor gradient(DType::kF32, weight.shape), activation(DType::kF32, {weight.columns()});
    for (float& x : gradient.mutable_data<float>()) x = weight.name == name ? 1e-6F : 1;
    for (float& x : activation.mutable_data<float>()) x = 1;
    if (weight.name == name) activation.mutable_data<float>()[3] = 1e-6F;
    statistics.gradients.emplace(weight.name, gradient);
    statistics.activations.emplace(weight.name, activation);
  }
  MagnitudePruner gradient(
      model, {.amount = 0.2, .criterion = PruneCriterion::kGradient, .most_of_layer = 1},
      statistics);
  gradient.prune();
  EXPECT_GT(gradient.compute_sparsity().weights.at(name), 0.6);
  MagnitudePruner activation(model, {.amount = 0.1, .criterion = PruneCriterion::kActivation},
                             statistics);
  activation.prune();
  const Tensor& mask = activation.masks().at(name);
  for (std::int64_t row = 0; row < mask.dim(0); ++row)
    EXPECT_FALSE(mask.data<bool>()[static_cast<std::size_t>(row * mask.dim(1) + 3)]);
}

TEST(MagnitudePruner, goes_on_from_the_zeros_that_are_there) {
  MagnitudePruner first(recurrent_model(16), {.amount = 0.3});
  first.prune();
  MagnitudePruner second(first.make_permanent(), {.amount = 0.6});
  second.prune();
  EXPECT_NEAR(second.compute_sparsity().overall, 0.6, kPointOnePercent);
  // Training moves everything; what was pruned stays at zero.
  TensorMap trained;
  for (const PrunableWeight& weight : prunable_weights(second.model())) {
    Tensor ones(DType::kF32, weight.shape);
    for (float& x : ones.mutable_data<float>()) x = 1;
    trained.emplace(weight.name, ones);
  }
  second.set_weights(trained);
  EXPECT_NEAR(second.compute_sparsity().overall, 0.6, kPointOnePercent);
}

std::string error_of(const graph::Model& model, const MagnitudeOptions& options) {
  return test::error_of([&] { MagnitudePruner(model, options).prune(); });
}

TEST(MagnitudePruner, a_bad_request_is_one_clear_error) {
  const graph::Model model = recurrent_model(16);
  EXPECT_THAT(error_of(model, {.amount = 1.1}), HasSubstr("`amount` is 1.1; it must be above 0"));
  EXPECT_THAT(error_of(model, {.amount = 1.0}), HasSubstr("below 1"));
  EXPECT_THAT(error_of(model, {.layers = {{"temporal_encodr.lstm", 0.3}}}),
              HasSubstr("no layer 'temporal_encodr.lstm' with weights to prune; did you mean "
                        "'temporal_encoder.lstm'?"));
  EXPECT_THAT(error_of(model, {.pattern = "5:4"}), HasSubstr("`pattern` is '5:4'"));
  EXPECT_THAT(error_of(model, {.amount = 0.7, .pattern = "2:4"}),
              HasSubstr("the pattern 2:4 makes 0.5"));
  EXPECT_THAT(error_of(model, {.criterion = PruneCriterion::kGradient}),
              HasSubstr("no gradient for weight"));
  MagnitudePruner pruner(model, {.amount = 0.6});
  pruner.prune();
  EXPECT_THAT(error_of(pruner.model(), {.amount = 0.6}),
              HasSubstr("zero already; nothing is left"));
  graph::Model broken = model;
  broken.weights.at("ctc_decoder.output_proj.weight").mutable_data<float>()[0] = NAN;
  EXPECT_THAT(error_of(broken, {}), HasSubstr("NaN"));
}

}  // namespace
}  // namespace nest::compress
