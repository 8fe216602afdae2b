#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/json.h"
#include "nest/nn/tensor.h"
#include "node_cases.h"
#include "tests/support/paths.h"

namespace nest::nn {
namespace {

const Json& golden() {
  static const Json content = load_json(test::tests_dir() / "golden/nn/golden.json");
  return content.at("cases");
}

Tensor tensor_of(const Json& json) {
  return Tensor::from<float>(json.at("shape").get<Shape>(),
                             json.at("values").get<std::vector<float>>());
}

const NodeCase& case_named(const std::string& name) {
  static const std::vector<NodeCase> cases = node_cases();
  for (const NodeCase& item : cases) {
    if (item.name == name) return item;
  }
  throw std::runtime_error("no node case named " + name);
}

TEST(Golden, every_recorded_node_equals_pytorch) {
  ASSERT_GE(golden().size(), 20U);
  for (const auto& [name, expected] : golden().items()) {
    const NodeCase& item = case_named(name);
    graph::Model model = one_node(item.op, item.inputs);
    const auto& refs = model.graph("block").nodes.at(0).weights;
    for (std::size_t i = 0; i < expected.at("weights").size(); ++i) {
      model.weights.at(refs.at(i).name) = tensor_of(expected.at("weights")[i]);
    }
    TensorMap inputs;
    for (const auto& [port, value] : expected.at("inputs").items()) {
      inputs.emplace(port, tensor_of(value));
    }
    TorchExecutor executor(std::move(model));
    const TensorMap outputs = executor.run("block", inputs);
    for (std::size_t i = 0; i < expected.at("outputs").size(); ++i) {
      const torch::Tensor actual = to_torch(outputs.at("y" + std::to_string(i)));
      EXPECT_LT(distance(actual, to_torch(tensor_of(expected.at("outputs")[i]))), 5e-6)
          << name << " output " << i;
    }
  }
}

}  // namespace
}  // namespace nest::nn
