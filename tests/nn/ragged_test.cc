#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "node_cases.h"

namespace nest::nn {
namespace {

constexpr std::int64_t kPadded = 9;

/// Item b of a batch, cut to its own length; states have their batch on axis 1.
NamedTensors single(const NodeCase& item, const NamedTensors& inputs, std::int64_t b,
                    std::int64_t length) {
  NamedTensors result;
  for (const TestInput& input : item.inputs) {
    torch::Tensor x = inputs.at(input.name);
    const bool is_state = input.name == "h" || input.name == "c";
    x = x.slice(is_state ? 1 : 0, b, b + 1);
    if (input.time_axis >= 0) x = x.slice(input.time_axis, 0, length);
    result.emplace(input.name, x.contiguous());
  }
  return result;
}

class RaggedBatch : public ::testing::TestWithParam<NodeCase> {};

TEST_P(RaggedBatch, equals_the_single_items_and_is_zero_behind_them) {
  const NodeCase& item = GetParam();
  TorchExecutor executor(one_node(item.op, item.inputs));
  const torch::NoGradGuard no_grad;
  const std::vector<std::int64_t> lengths{6, kPadded, 5};
  NamedTensors inputs = inputs_of(item, 3, kPadded, torch::kFloat32);
  NamedTensors batched_inputs = inputs;
  batched_inputs.emplace("lengths", torch::tensor(lengths, torch::kInt64));
  const NamedTensors batched = executor.forward("block", batched_inputs);
  for (std::int64_t b = 0; b < 3; ++b) {
    const NamedTensors one =
        executor.forward("block", single(item, inputs, b, lengths[static_cast<std::size_t>(b)]));
    for (const auto& [name, expected] : one) {
      const graph::Graph& graph = executor.model().graph("block");
      const graph::Value& value = graph.value(graph.output(name).value);
      const bool is_state = std::holds_alternative<graph::Lstm>(item.op) ||
                            std::holds_alternative<graph::Gru>(item.op);
      torch::Tensor y = batched.at(name).slice(is_state && name != "y0" ? 1 : 0, b, b + 1);
      torch::Tensor behind = torch::zeros({1});
      if (value.time_axis >= 0) {
        const std::int64_t frames = expected.size(value.time_axis);
        behind = y.slice(value.time_axis, frames);
        y = y.slice(value.time_axis, 0, frames);
        // Attention weights have a query and a key axis; the op marks the query axis.
        if (name == "y1" && y.dim() == 4) y = y.slice(3, 0, expected.size(3));
      } else if (name == "y1" && y.dim() >= 3 && !is_state) {
        y = y.slice(-1, 0, expected.size(-1));
      }
      EXPECT_LT(distance(y, expected), 2e-6) << name << " of item " << b;
      if (behind.numel() > 0) {
        EXPECT_EQ(behind.abs().max().item<double>(), 0) << name;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(EveryKind, RaggedBatch, ::testing::ValuesIn(node_cases()), case_name);

TEST(Ragged, values_behind_an_item_do_not_reach_its_result) {
  const NodeCase item{
      "conv",
      graph::Conv{
          .in_channels = 2, .out_channels = 2, .kernel_t = 3, .pad_left = 1, .pad_right = 1},
      {{"x", {batch(), graph::Dim(2), frames()}, 2}}};
  TorchExecutor executor(one_node(item.op, item.inputs));
  const torch::NoGradGuard no_grad;
  NamedTensors inputs = inputs_of(item, 1, kPadded, torch::kFloat32);
  inputs.emplace("lengths", torch::tensor({4}, torch::kInt64));
  const torch::Tensor first = executor.forward("block", inputs).at("y0");
  inputs.at("x").slice(2, 4).fill_(NAN);
  EXPECT_TRUE(torch::equal(executor.forward("block", inputs).at("y0"), first));
}

TEST(Ragged, a_length_beyond_the_padding_is_refused_with_both_numbers) {
  const NodeCase item = node_cases().front();
  TorchExecutor executor(one_node(item.op, item.inputs));
  NamedTensors inputs = inputs_of(item, 2, kPadded, torch::kFloat32);
  inputs.emplace("lengths", torch::tensor({4, 10}, torch::kInt64));
  try {
    executor.forward("block", inputs);
    FAIL() << "no error was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    EXPECT_NE(std::string(error.what()).find("length 10"), std::string::npos) << error.what();
  }
}

TEST(Ragged, batch_norm_in_train_mode_leaves_padding_out_of_the_statistics) {
  const NodeCase item{
      "norm", graph::BatchNorm{.channels = 2}, {{"x", {batch(), graph::Dim(2), frames()}, 2}}};
  TorchExecutor executor(one_node(item.op, item.inputs));
  executor.set_training(true);
  NamedTensors inputs = inputs_of(item, 2, kPadded, torch::kFloat32);
  inputs.emplace("lengths", torch::tensor({kPadded, std::int64_t{4}}, torch::kInt64));
  const torch::Tensor x = inputs.at("x");
  const torch::Tensor valid = torch::cat({x[0], x[1].slice(1, 0, 4)}, 1);
  const torch::Tensor before = executor.parameters().at("node.running_mean").clone();
  const torch::Tensor y = executor.forward("block", inputs).at("y0");
  const torch::Tensor& after = executor.parameters().at("node.running_mean");
  EXPECT_LT(distance(after, before * 0.9 + valid.mean(1) * 0.1), 1e-6);
  const torch::Tensor expected = (valid - valid.mean(1, true)) /
                                     torch::sqrt(valid.var(1, false, true) + 1e-5) *
                                     executor.parameters().at("node.weight").unsqueeze(1) +
                                 executor.parameters().at("node.bias").unsqueeze(1);
  EXPECT_LT(distance(torch::cat({y[0], y[1].slice(1, 0, 4)}, 1), expected), 1e-5);
}

}  // namespace
}  // namespace nest::nn
