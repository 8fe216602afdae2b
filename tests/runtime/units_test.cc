// Removed units against masked ones: the physically smaller model gives what the dense one gives
// when everything that makes or reads the units is zero.
#include "nest/graph/units.h"

#include <cmath>

#include "families.h"
#include "nest/graph/cost.h"
#include "nest/graph/serialize.h"
#include "nest/graph/streaming.h"
#include "nest/runtime/isa.h"
#include "runtime/prepared_impl.h"
#include "tests/support/unit_models.h"
#include "tests/support/unit_runs.h"

namespace nest::runtime {
namespace {

using graph::UnitChoice;
using graph::UnitGroup;

class EveryUnitModel : public testing::TestWithParam<test::UnitModel> {};
INSTANTIATE_TEST_SUITE_P(Model, EveryUnitModel, testing::ValuesIn(test::unit_models()),
                         [](const auto& info) { return info.param.name; });

/// Largest |a - b| / (1 + |b|) over the outputs that both have in the same shape.
double distance(const TensorMap& got, const TensorMap& want, int& compared) {
  double worst = 0;
  for (const auto& [name, expected] : want) {
    const Tensor& found = got.find(name)->second;
    if (found.shape() != expected.shape() || expected.dtype() != DType::kF32) continue;
    ++compared;
    for (std::size_t i = 0; i < static_cast<std::size_t>(expected.numel()); ++i) {
      const double w = expected.data<float>()[i], g = found.data<float>()[i];
      worst = std::max(worst, std::abs(g - w) / (1 + std::abs(w)));
    }
  }
  return worst;
}

/// Removes units of every group in turn and compares; returns how many groups were exact.
int compare_with_masked(const graph::Model& model, Rng& rng) {
  int exact = 0;
  for (const UnitGroup& group : unit_groups(model)) {
    const UnitChoice keep = test::random_choice(group, rng);
    graph::Model reduced = model, masked = model;
    remove_units(reduced, group, keep);
    mask_units(masked, group, keep);
    exact += group.is_exact ? 1 : 0;
    for (const Isa isa : available_isas()) {
      const MachineOptions machine{.isa = std::string(name_of(isa))};
      NativeExecutor small(prepare(reduced), machine), dense(prepare(masked), machine);
      const TensorMap want = test::run_all(dense), got = test::run_all(small);
      int compared = 0;
      const double error = distance(got, want, compared);
      EXPECT_GT(compared, 0) << group.name;
      if (group.is_exact) {
        EXPECT_LT(error, 1e-6) << group.name << " of " << group.count << " on " << name_of(isa);
      }
    }
  }
  return exact;
}

TEST_P(EveryUnitModel, without_units_gives_what_the_model_with_masked_units_gives) {
  Rng rng(41);
  EXPECT_GT(compare_with_masked(test::make_unit_model(GetParam()), rng), 0);
}

TEST_P(EveryUnitModel, of_any_sizes_gives_what_the_model_with_masked_units_gives) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    compare_with_masked(test::in_random_sizes(test::make_unit_model(GetParam()), rng), rng);
  }
}

/// Elements of all trainable weights after taking the other units out of the slices.
std::int64_t predicted_parameters(const graph::Model& model, const UnitGroup& group,
                                  const UnitChoice& keep) {
  std::map<std::string, Shape> shapes;
  for (const graph::WeightInfo& info : weight_infos(model)) shapes[info.name] = info.shape;
  for (std::size_t p = 0; p < keep.size(); ++p) {
    for (const graph::UnitSlice& slice : group.parts[p].slices) {
      for (std::int64_t unit = 0; unit < group.count; ++unit) {
        if (std::binary_search(keep[p].begin(), keep[p].end(), unit)) continue;
        shapes[slice.weight].at(static_cast<std::size_t>(slice.axis)) -=
            static_cast<std::int64_t>(slice.indices[static_cast<std::size_t>(unit)].size());
      }
    }
  }
  std::int64_t count = 0;
  for (const auto& [name, shape] : shapes) count += graph::is_buffer(name) ? 0 : numel(shape);
  return count;
}

TEST_P(EveryUnitModel, parameters_and_macs_fall_as_predicted) {
  const graph::Model model = test::make_unit_model(GetParam());
  Rng rng(43);
  for (const UnitGroup& group : unit_groups(model)) {
    const UnitChoice keep = test::random_choice(group, rng);
    graph::Model reduced = model, planned = model;
    planned.weights.clear();
    remove_units(reduced, group, keep);
    remove_units(planned, group, keep);
    EXPECT_EQ(reduced.num_parameters(), predicted_parameters(model, group, keep)) << group.name;
    EXPECT_EQ(weight_problems(weight_infos(reduced), reduced.weights), "");
    std::int64_t stored = 0;
    for (const auto& [name, tensor] : reduced.weights) {
      stored += graph::is_buffer(name) ? 0 : tensor.numel();
    }
    EXPECT_EQ(stored, reduced.num_parameters());
    const auto prepared = prepare(reduced, {.rewrite = false});
    for (const auto& [name, graph] : reduced.graphs) {
      const auto cost = graph_cost(planned, name, test::kUnitLengths);
      EXPECT_LT(total(cost).macs + total(cost).parameters,
                total(graph_cost(model, name, test::kUnitLengths)).macs + model.num_parameters());
      if (test::executes_more(graph)) continue;
      const auto program =
          prepared->impl().plan({name, test::kUnitLengths, test::absent_of(graph)});
      double executed = 0;
      for (const auto& step : program->steps) executed += step->executed_macs;
      EXPECT_EQ(executed, static_cast<double>(total(cost).macs)) << group.name << " " << name;
    }
  }
}

TEST_P(EveryUnitModel, reduced_once_and_again_is_stored_and_read_as_it_is) {
  graph::Model model = test::make_unit_model(GetParam());
  graph::Model masked = model;
  Rng rng(47);
  std::vector<std::string> done;
  for (const UnitGroup& first : unit_groups(model)) {
    if (!first.is_exact) continue;
    // Groups of the masked model keep their numbers, so both are asked anew.
    for (const UnitGroup& group : unit_groups(model)) {
      if (group.name == first.name) remove_units(model, group, test::random_choice(group, rng));
    }
    done.push_back(first.name);
  }
  EXPECT_FALSE(done.empty());
  graph::Model read = graph::model_from_json(graph::to_json(model));
  read.weights = model.weights;
  EXPECT_EQ(graph::to_json(read), graph::to_json(model));
  NativeExecutor one{prepare(model)}, other{prepare(read)};
  int compared = 0;
  EXPECT_EQ(distance(test::run_all(one), test::run_all(other), compared), 0);
}

class EveryCausalUnitModel : public testing::TestWithParam<test::UnitModel> {};
INSTANTIATE_TEST_SUITE_P(Model, EveryCausalUnitModel, testing::ValuesIn(test::causal_unit_models()),
                         [](const auto& info) { return info.param.name; });

TEST_P(EveryCausalUnitModel, a_step_made_before_is_the_step_made_after) {
  const graph::Model model = test::make_unit_model(GetParam());
  graph::Model with_step = model;
  add_streaming_step(with_step);
  Rng rng(53);
  for (const UnitGroup& group : unit_groups(model)) {
    const UnitChoice keep = test::random_choice(group, rng);
    graph::Model before = with_step, after = model;
    remove_units(before, group, keep);
    remove_units(after, group, keep);
    add_streaming_step(after);
    EXPECT_EQ(graph::to_json(before), graph::to_json(after)) << group.name;
  }
}

}  // namespace
}  // namespace nest::runtime
