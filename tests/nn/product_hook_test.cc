#include "nest/nn/product_hook.h"

#include <algorithm>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "nest/core/error.h"
#include "nest/nn/executor.h"
#include "node_cases.h"

namespace nest::nn {
namespace {

/// Leaves every product as it is; recurrent layers run frame by frame all the same.
class Nothing : public ProductHook {
 public:
  Product linear(const graph::Node&, const std::string& product, const torch::Tensor&) override {
    asked.push_back(product);
    return nullptr;
  }
  Product convolution(const graph::Node& node, const torch::Tensor&, const Convolve&) override {
    asked.push_back(node.name);
    return nullptr;
  }
  torch::Tensor table(const graph::Node&, const torch::Tensor& weight) override { return weight; }

  std::vector<std::string> asked;
};

bool is_recurrent(const graph::Op& op) {
  return std::holds_alternative<graph::Lstm>(op) || std::holds_alternative<graph::Gru>(op);
}

NamedTensors gradients_of(TorchExecutor& executor, const NamedTensors& inputs) {
  torch::Tensor sum = torch::zeros({});
  for (const auto& [name, y] : executor.forward("block", inputs)) sum = sum + (y * y).sum();
  sum.backward();
  NamedTensors gradients;
  for (const std::string& name : executor.parameters().trainable_names())
    gradients.emplace(name, executor.parameters().at(name).grad());
  return gradients;
}

TEST(ProductHook, recurrent_layers_frame_by_frame_are_those_of_libtorch_with_and_without_padding) {
  int cases = 0;
  for (const NodeCase& item : node_cases()) {
    if (!is_recurrent(item.op)) continue;
    ++cases;
    const graph::Model model = one_node(item.op, item.inputs);
    for (const bool is_padded : {false, true}) {
      TorchExecutor plain(model), stepped(model);
      stepped.set_product_hook(std::make_shared<Nothing>());
      NamedTensors inputs = inputs_of(item, 2, 9, torch::kFloat32);
      if (is_padded) inputs.emplace("lengths", torch::tensor({5, 9}, torch::kInt64));
      const NamedTensors want = plain.forward("block", inputs);
      for (const auto& [name, y] : stepped.forward("block", inputs))
        EXPECT_TRUE(torch::allclose(y, want.at(name), 1e-5, 1e-6)) << item.name << " " << name;
      const NamedTensors gradients = gradients_of(plain, inputs);
      for (const auto& [name, gradient] : gradients_of(stepped, inputs))
        EXPECT_TRUE(torch::allclose(gradient, gradients.at(name), 1e-4, 1e-5))
            << item.name << " " << name;
    }
  }
  EXPECT_GE(cases, 2);
}

TEST(ProductHook, is_asked_once_a_pass_for_every_product_that_a_quantization_knows) {
  for (const NodeCase& item : node_cases()) {
    const graph::Model model = one_node(item.op, item.inputs);
    const auto hook = std::make_shared<Nothing>();
    TorchExecutor executor(model);
    executor.set_product_hook(hook);
    (void)executor.forward("block", inputs_of(item, 2, 9, torch::kFloat32));
    std::vector<std::string> names = graph::product_names(model.graph("block").nodes.at(0));
    std::ranges::sort(names);
    std::ranges::sort(hook->asked);
    EXPECT_EQ(hook->asked, names) << item.name;
  }
}

TEST(ProductHook, is_refused_where_products_are_not_of_fp32) {
  const NodeCase item = node_cases().front();
  TorchExecutor executor(one_node(item.op, item.inputs), {.precision = graph::Precision::kBf16});
  EXPECT_THROW(executor.set_product_hook(std::make_shared<Nothing>()), Error);
}

}  // namespace
}  // namespace nest::nn
