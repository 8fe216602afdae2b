#include <filesystem>

#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/json.h"
#include "nest/graph/factory.h"
#include "tests/support/paths.h"

namespace nest::graph {
namespace {

Model build(const Json& meta) {
  const auto reference_class = meta["reference_class"].get<std::string>();
  Json config = meta["constructor"];
  if (reference_class.starts_with("NEST_")) {
    config["model_name"] = reference_class;
  } else {
    config["type"] = reference_class;
  }
  return build_from_model_config(Config::from_json(config, meta["name"].get<std::string>()));
}

class ParityStructure : public ::testing::TestWithParam<std::string> {};

TEST_P(ParityStructure, weights_have_the_reference_names_shapes_and_types) {
  const Json meta = load_json(test::parity_folder(GetParam()) / "meta.json");
  const Model model = build(meta);
  std::map<std::string, std::string> built;
  for (const WeightInfo& info : weight_infos(model)) {
    built[info.name] = std::string(name_of(info.dtype)) + to_string(info.shape);
  }
  std::map<std::string, std::string> expected;
  for (const auto& [name, entry] : meta["state_dict"].items()) {
    expected[name] = entry["dtype"].get<std::string>() + to_string(entry["shape"].get<Shape>());
  }
  EXPECT_EQ(built, expected);
}

TEST_P(ParityStructure, inferred_output_shapes_equal_the_stored_ones) {
  const Json meta = load_json(test::parity_folder(GetParam()) / "meta.json");
  const Model model = build(meta);
  for (const Json& one : meta["cases"]) {
    for (const auto& [graph_name, graph] : model.graphs) {
      TensorMap inputs;
      for (const auto& [name, entry] : one["inputs"].items()) {
        auto shape = entry["shape"].get<Shape>();
        if (shape.size() == 4) shape.erase(shape.begin() + 1);  // [B, 1, C, T]
        inputs[name] = Tensor(from_name<DType>(entry["dtype"].get<std::string>()), shape);
      }
      const bool fits = std::all_of(
          graph.inputs.begin(), graph.inputs.end(),
          [&](const Port& port) { return port.is_optional || inputs.contains(port.name); });
      if (!fits) continue;  // a later stage of the model
      std::erase_if(inputs, [&](const auto& item) {
        return std::none_of(graph.inputs.begin(), graph.inputs.end(),
                            [&](const Port& port) { return port.name == item.first; });
      });
      const Bindings bindings = nest::graph::bind(graph, inputs);
      for (const Port& port : graph.outputs) {
        if (!one["outputs"].contains(port.name)) continue;
        Shape shape;
        for (const Dim& dim : graph.value(port.value).shape) shape.push_back(dim.eval(bindings));
        EXPECT_EQ(shape, one["outputs"][port.name]["shape"].get<Shape>()) << port.name;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Entry, ParityStructure, ::testing::ValuesIn(test::parity_models()),
                         [](const auto& param) { return param.param; });

}  // namespace
}  // namespace nest::graph
