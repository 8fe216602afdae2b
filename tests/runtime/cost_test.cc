// What the plan's steps say they multiply, against the cost of the graph.
#include "nest/graph/cost.h"

#include <map>

#include "families.h"
#include "runtime/prepared_impl.h"

namespace nest::runtime {
namespace {

std::shared_ptr<const Program> plan(const PreparedModel& prepared, const graph::Graph& graph,
                                    const graph::Bindings& bindings) {
  std::set<std::string> absent;
  for (const graph::Port& port : graph.inputs) {
    if (port.is_optional) absent.insert(port.name);
  }
  for (const graph::Port& port : graph.outputs) absent.erase(port.feeds);
  return prepared.impl().plan({graph.name, bindings, absent});
}

std::map<std::string, double> macs_by_node(const Program& program) {
  std::map<std::string, double> macs;
  for (const auto& step : program.steps) macs[step->name] += step->executed_macs;
  return macs;
}

double sum(const std::map<std::string, double>& macs) {
  double total = 0;
  for (const auto& [name, count] : macs) total += count;
  return total;
}

class EveryFamilyCost : public testing::TestWithParam<Family> {};
NEST_EVERY_FAMILY(EveryFamilyCost);

TEST_P(EveryFamilyCost, an_unrewritten_plan_executes_the_models_macs_node_by_node) {
  const auto made = prepare(make_model(GetParam()), {.rewrite = false});
  const PreparedModel& prepared = *made;
  for (const auto& [name, graph] : prepared.model().graphs) {
    const auto executed = macs_by_node(*plan(prepared, graph, kLengths));
    for (const graph::NodeCost& node : graph_cost(prepared.model(), name, kLengths).nodes) {
      const auto found = executed.find(node.name);
      EXPECT_EQ(found == executed.end() ? 0 : found->second, static_cast<double>(node.cost.macs))
          << name << " " << node.name;
    }
  }
}

TEST_P(EveryFamilyCost, rewrites_change_the_macs_of_spatial_filters_alone) {
  const auto made = prepare(make_model(GetParam()));
  const PreparedModel& prepared = *made;
  const bool is_reordered =
      std::string_view(GetParam().config).find("DeepConvNet") == std::string_view::npos;
  for (const auto& [name, graph] : prepared.model().graphs) {
    const auto executed = macs_by_node(*plan(prepared, graph, kLengths));
    const double of_model =
        static_cast<double>(total(graph_cost(prepared.model(), name, kLengths)).macs);
    if (name.starts_with("encoder") && is_reordered) {
      EXPECT_LT(sum(executed), 0.5 * of_model);
    } else {
      EXPECT_EQ(sum(executed), of_model) << name;
    }
  }
}

TEST(SpatialFirst, executes_a_mixture_and_a_filter_for_every_output) {
  const auto made = prepare(make_model(kFamilies[0]));  // 8 filters of 32 taps, 16 outputs
  const PreparedModel& prepared = *made;
  const auto& graph = prepared.model().graph("encoder");
  const auto executed = macs_by_node(*plan(prepared, graph, {{"B", 2}, {"T", 400}}));
  EXPECT_EQ(executed.at("spatial_cnn.block1_depthwise"), 2 * 16 * (6 * 400 + 32 * 401));
  const auto cost = graph_cost(prepared.model(), "encoder", {{"B", 2}, {"T", 400}});
  EXPECT_EQ(total(cost, "spatial_cnn.block1_conv").macs, 2 * 8 * 6 * 401 * 32);
  EXPECT_EQ(total(cost, "spatial_cnn.block1_depthwise").macs, 2 * 16 * 401 * 6);
}

/// A graph of one attention over q, k and v [1, T, 8].
graph::Model attention_model(graph::Attention op) {
  op.embed_dim = 8;
  op.num_heads = 2;
  graph::Model model;
  graph::Graph graph;
  graph.name = "block";
  const auto add = [&](const std::string& name) {
    return graph.add_input(name, DType::kF32, {1, graph::Dim::symbol("T"), 8}, 1);
  };
  const std::vector<graph::ValueId> inputs{add("q"), add("k"), add("v")};
  graph.add_output("y", graph.add_node("attention", op, inputs)[0]);
  model.graphs.emplace("block", std::move(graph));
  return model;
}

TEST(WindowedAttention, executes_all_pairs_where_the_model_needs_those_in_reach) {
  const auto made = prepare(attention_model({.left = 2, .right = 0}));
  const PreparedModel& prepared = *made;
  const auto executed = macs_by_node(*plan(prepared, prepared.model().graph("block"), {{"T", 20}}));
  EXPECT_EQ(executed.at("attention"), 2 * 20 * 20 * 8);
  EXPECT_EQ(total(graph_cost(prepared.model(), "block", {{"T", 20}})).macs,
            2 * (1 + 2 + 18 * 3) * 8);
}

TEST(StridedConvolution, executes_the_models_macs) {
  graph::Model model;
  graph::Graph graph;
  graph.name = "block";
  const graph::ValueId x =
      graph.add_input("x", DType::kF32, {graph::Dim::symbol("B"), 3, graph::Dim::symbol("T")}, 2);
  graph.add_output(
      "y",
      graph.add_node(
          "conv",
          graph::Conv{
              .in_channels = 3, .out_channels = 5, .kernel_t = 4, .stride_t = 3, .has_bias = false},
          {x}, {{"w"}})[0]);
  model.graphs.emplace("block", std::move(graph));
  model.weights["w"] = Tensor(DType::kF32, {5, 3, 4});
  const auto made = prepare(model);
  const graph::Bindings lengths{{"B", 2}, {"T", 20}};
  const auto executed = macs_by_node(*plan(*made, made->model().graph("block"), lengths));
  EXPECT_EQ(executed.at("conv"), 2 * 5 * 6 * 12);
  EXPECT_EQ(total(graph_cost(made->model(), "block", lengths)).macs, 2 * 5 * 6 * 12);
}

TEST(LinearAttention, executes_the_models_macs) {
  for (const graph::Attention& op :
       {graph::Attention{.kind = graph::Attention::Kind::kLinear},
        graph::Attention{.kind = graph::Attention::Kind::kLinear, .right = 0},
        graph::Attention{.kind = graph::Attention::Kind::kLinear, .left = 3, .right = 1}}) {
    const auto made = prepare(attention_model(op));
    const PreparedModel& prepared = *made;
    const auto executed =
        macs_by_node(*plan(prepared, prepared.model().graph("block"), {{"T", 20}}));
    EXPECT_EQ(executed.at("attention"),
              static_cast<double>(total(graph_cost(prepared.model(), "block", {{"T", 20}})).macs));
  }
}

}  // namespace
}  // namespace nest::runtime
