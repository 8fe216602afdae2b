#include "nest/compress/structured_pruner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/graph/cost.h"
#include "nest/graph/streaming.h"
#include "nest/runtime/executor.h"
#include "nest/runtime/isa.h"
#include "nest/runtime/prepared.h"
#include "tests/support/error_of.h"
#include "tests/support/unit_models.h"
#include "tests/support/unit_runs.h"

namespace nest::compress {
namespace {

using ::testing::HasSubstr;

class EveryStructuredModel : public testing::TestWithParam<test::UnitModel> {};
INSTANTIATE_TEST_SUITE_P(Model, EveryStructuredModel, testing::ValuesIn(test::unit_models()),
                         [](const auto& info) { return info.param.name; });

/// Amounts that take something out of the smallest groups.
StructuredOptions random_options(Rng& rng) {
  return {.amount = rng.uniform(0.3, 0.7),
          .scope = rng.below(2) == 0 ? PruneScope::kGlobal : PruneScope::kLayer,
          .multiple = static_cast<std::int64_t>(1 + rng.below(3))};
}

void expect_near(const TensorMap& got, const TensorMap& want, double tolerance) {
  int compared = 0;
  for (const auto& [name, expected] : want) {
    const Tensor& found = got.at(name);
    if (found.shape() != expected.shape() || expected.dtype() != DType::kF32) continue;
    ++compared;
    for (std::size_t i = 0; i < static_cast<std::size_t>(expected.numel()); ++i) {
      const double w = expected.data<float>()[i];
      ASSERT_NEAR(found.data<float>()[i], w, tolerance * (1 + std::abs(w))) << name;
    }
  }
  EXPECT_GT(compared, 0);
}

TEST_P(EveryStructuredModel, gives_after_removal_what_it_gave_with_zeros) {
  Rng rng(71, GetParam().name);
  for (int round = 0; round < 2; ++round) {
    StructuredPruner pruner(test::make_unit_model(GetParam()), random_options(rng));
    pruner.prune();
    const graph::Model masked = pruner.model(), removed = pruner.make_permanent();
    EXPECT_LT(removed.num_parameters(), masked.num_parameters());
    for (const runtime::Isa isa : runtime::available_isas()) {
      const runtime::MachineOptions machine{.isa = std::string(name_of(isa))};
      runtime::NativeExecutor small(runtime::prepare(removed), machine),
          dense(runtime::prepare(masked), machine);
      expect_near(test::run_all(small), test::run_all(dense), 1e-6);
    }
  }
}

/// Of a graph, whatever its inputs.
std::int64_t macs_of(const graph::Model& model) {
  std::int64_t macs = 0;
  for (const auto& [name, graph] : model.graphs)
    macs += total(graph_cost(model, name, test::kUnitLengths)).macs;
  return macs;
}

/// Trainable elements without the slices of the units that go, counted in the weights as they are.
std::int64_t parameters_left(const graph::Model& model, const std::vector<GroupPlan>& plan) {
  std::map<std::string, Shape> shapes;
  for (const graph::WeightInfo& info : weight_infos(model)) shapes[info.name] = info.shape;
  for (const GroupPlan& item : plan) {
    for (std::size_t p = 0; p < item.keep.size(); ++p) {
      for (const graph::UnitSlice& slice : item.group.parts[p].slices) {
        for (std::int64_t unit = 0; unit < item.group.count; ++unit) {
          if (std::ranges::binary_search(item.keep[p], unit)) continue;
          shapes[slice.weight].at(static_cast<std::size_t>(slice.axis)) -=
              static_cast<std::int64_t>(slice.indices[static_cast<std::size_t>(unit)].size());
        }
      }
    }
  }
  std::int64_t count = 0;
  for (const auto& [name, shape] : shapes) count += graph::is_buffer(name) ? 0 : numel(shape);
  return count;
}

TEST_P(EveryStructuredModel, loses_the_parameters_and_macs_that_its_plan_says) {
  Rng rng(73, GetParam().name);
  const graph::Model model = test::make_unit_model(GetParam());
  StructuredPruner pruner(model, random_options(rng));
  pruner.prune();
  const graph::Model planned = pruner.planned();
  const std::int64_t left = parameters_left(model, pruner.plan());
  const graph::Model& removed = pruner.make_permanent();
  EXPECT_EQ(removed.num_parameters(), left);
  EXPECT_EQ(planned.num_parameters(), left);
  EXPECT_EQ(weight_problems(weight_infos(removed), removed.weights), "");
  EXPECT_EQ(macs_of(removed), macs_of(planned));
  EXPECT_LT(macs_of(removed), macs_of(model));
}

TEST_P(EveryStructuredModel, keeps_its_masks_through_training) {
  StructuredPruner pruner(test::make_unit_model(GetParam()), {.amount = 0.5});
  pruner.prune();
  const graph::Model zeroed = pruner.model();
  TensorMap trained;
  for (const auto& [name, tensor] : zeroed.weights) {
    if (graph::is_buffer(name) || tensor.dtype() != DType::kF32) continue;
    Tensor moved = tensor.clone();
    for (float& x : moved.mutable_data<float>()) x += 0.01F;
    trained.emplace(name, moved);
  }
  pruner.set_weights(trained);
  runtime::NativeExecutor dense(runtime::prepare(pruner.model())),
      small(runtime::prepare(pruner.make_permanent()));
  expect_near(test::run_all(small), test::run_all(dense), 1e-6);
}

const GroupPlan& plan_of(const StructuredPruner& pruner, const std::string& name) {
  for (const GroupPlan& item : pruner.plan()) {
    if (item.group.name == name) return item;
  }
  throw std::runtime_error("nothing goes of " + name);
}

graph::Model recurrent_model() {
  graph::Model model = graph::build_model(
      "nest_ctc",
      Config::parse("{n_channels: 5, spatial_cnn: {type: EEGNet, n_channels: 5, sampling_rate: 32, "
                    "n_pointwise_filters: 16}, temporal_encoder: {type: LSTM, hidden_dim: 100, "
                    "num_layers: 2, bidirectional: true}, decoder: {vocab_size: 11}}",
                    "test"));
  Rng rng(5);
  graph::initialize_weights(model, rng);
  return model;
}

TEST(StructuredPruner, keeps_sizes_that_the_kernels_like) {
  StructuredPruner pruner(recurrent_model(), {.amount = 0.3});
  pruner.prune();
  EXPECT_EQ(plan_of(pruner, "temporal_encoder.lstm").kept(), 64);          // 70 by 16
  EXPECT_EQ(plan_of(pruner, "spatial_cnn.block2_separable2").kept(), 12);  // 11.2 by 4
}

TEST(StructuredPruner, takes_the_units_that_weigh_least_in_each_direction) {
  graph::Model model = recurrent_model();
  // Unit 7 of the first layer, backwards: rows of its four gates and what reads it.
  for (const graph::UnitGroup& group : unit_groups(model)) {
    if (group.name != "temporal_encoder.lstm") continue;
    graph::UnitChoice keep(4);
    for (auto& part : keep)
      for (std::int64_t i = 0; i < 100; ++i) part.push_back(i);
    for (auto& part : keep) part.erase(part.begin() + (&part == &keep[1] ? 7 : 20));
    graph::mask_units(model, group, keep);
  }
  StructuredPruner pruner(model, {.amount = 0.01, .layers = {{"spatial_cnn", 0}}, .multiple = 1});
  pruner.prune();
  const GroupPlan& plan = plan_of(pruner, "temporal_encoder.lstm");
  EXPECT_EQ(pruner.plan().size(), 1U);
  EXPECT_EQ(plan.kept(), 99);
  EXPECT_FALSE(std::ranges::binary_search(plan.keep[1], 7));
  EXPECT_FALSE(std::ranges::binary_search(plan.keep[0], 20));
}

TEST(StructuredPruner, leaves_units_under_a_layer_norm_unless_asked) {
  const graph::Model model = test::make_unit_model(test::unit_models()[2]);
  StructuredPruner exact(model, {.amount = 0.5}), all(model, {.amount = 0.5, .inexact = true});
  exact.prune();
  all.prune();
  for (const GroupPlan& item : exact.plan()) EXPECT_TRUE(item.group.is_exact) << item.group.name;
  EXPECT_FALSE(plan_of(all, "temporal_encoder.input_proj").group.is_exact);
  runtime::NativeExecutor executor(runtime::prepare(all.make_permanent()));
  EXPECT_FALSE(test::run_all(executor).empty());
}

TEST(StructuredPruner, what_is_left_streams_as_it_runs) {
  for (const test::UnitModel& item : test::causal_unit_models()) {
    StructuredPruner pruner(test::make_unit_model(item), {.amount = 0.5});
    pruner.prune();
    graph::Model model = pruner.make_permanent();
    graph::add_streaming_step(model);
    EXPECT_TRUE(model.graphs.contains("encoder_step")) << item.name;
    for (const auto& [name, graph] : model.graphs)
      EXPECT_NO_THROW(graph::validate(graph, &model.weights)) << item.name << " " << name;
  }
}

std::string units_error(const graph::Model& model, const StructuredOptions& options) {
  return test::error_of([&] { StructuredPruner(model, options).prune(); });
}

TEST(StructuredPruner, a_bad_request_is_one_clear_error) {
  const graph::Model model = recurrent_model();
  EXPECT_THAT(units_error(model, {.amount = 1.1}), HasSubstr("`amount` is 1.1"));
  EXPECT_THAT(units_error(model, {.layers = {{"temporal_encoder.lstn", 0.5}}}),
              HasSubstr("did you mean 'temporal_encoder.lstm'?"));
  EXPECT_THAT(units_error(model, {.amount = 0.001}), HasSubstr("none of the model's 3 groups"));
  StructuredPruner pruner(test::make_unit_model(test::unit_models()[0]),
                          {.amount = 0.9, .multiple = 1});
  pruner.prune();
  graph::Model smaller = pruner.make_permanent();
  for (int i = 0; i < 8; ++i) {
    const std::string error = units_error(smaller, {.amount = 0.9, .multiple = 1});
    if (error != "no error") {
      EXPECT_THAT(error, HasSubstr("nothing left to take away"));
      return;
    }
    StructuredPruner again(smaller, {.amount = 0.9, .multiple = 1});
    again.prune();
    smaller = again.make_permanent();
  }
  FAIL() << "it never ends";
}

}  // namespace
}  // namespace nest::compress
