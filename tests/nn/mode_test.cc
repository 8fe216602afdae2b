#include <dlfcn.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "node_cases.h"

namespace nest::nn {
namespace {

TEST(TrainMode, dropout_zeroes_its_share_and_keeps_the_mean) {
  TorchExecutor executor(one_node(graph::Dropout{0.25}, {{"x", {batch(), frames()}, 1}}));
  const torch::Tensor x = torch::ones({100, 200});
  EXPECT_TRUE(torch::equal(executor.forward("block", {{"x", x}}).at("y0"), x));
  executor.set_training(true);
  torch::manual_seed(1);
  const torch::Tensor y = executor.forward("block", {{"x", x}}).at("y0");
  EXPECT_NEAR((y == 0).to(torch::kFloat32).mean().item<double>(), 0.25, 0.01);
  EXPECT_NEAR(y.mean().item<double>(), 1, 0.02);
  torch::manual_seed(1);
  EXPECT_TRUE(torch::equal(executor.forward("block", {{"x", x}}).at("y0"), y));
}

TEST(TrainMode, run_evaluates_whatever_the_mode) {
  TorchExecutor executor(one_node(graph::Dropout{0.5}, {{"x", {batch(), frames()}, 1}}));
  executor.set_training(true);
  const Tensor x = Tensor::from<float>({1, 3}, std::vector<float>{1, 2, 3});
  EXPECT_TRUE(bit_equal(executor.run("block", {{"x", x}}).at("y0"), x));
  EXPECT_TRUE(executor.is_training());
}

TEST(TrainMode, batch_norm_takes_batch_statistics_and_moves_the_running_ones) {
  const NodeCase item{
      "norm", graph::BatchNorm{.channels = 2}, {{"x", {batch(), graph::Dim(2), frames()}, 2}}};
  TorchExecutor executor(one_node(item.op, item.inputs));
  executor.set_training(true);
  const NamedTensors inputs = inputs_of(item, 4, 25, torch::kFloat32);
  const torch::Tensor& x = inputs.at("x");
  const torch::Tensor variance = executor.parameters().at("node.running_var").clone();
  const torch::Tensor y = executor.forward("block", inputs).at("y0");
  const torch::Tensor unscaled = (y - executor.parameters().at("node.bias").reshape({1, 2, 1})) /
                                 executor.parameters().at("node.weight").reshape({1, 2, 1});
  EXPECT_LT(distance(unscaled.mean(torch::IntArrayRef({0, 2})), torch::zeros({2})), 1e-5);
  const torch::Tensor flat = x.transpose(0, 1).reshape({2, -1});
  EXPECT_LT(distance(executor.parameters().at("node.running_var"),
                     variance * 0.9 + flat.var(1, true) * 0.1),
            1e-5);
  EXPECT_EQ(executor.parameters().at("node.num_batches_tracked").item<std::int64_t>(), 1);
}

TEST(TrainMode, an_all_reduce_of_two_equal_halves_equals_the_whole_batch) {
  const NodeCase item{
      "norm", graph::BatchNorm{.channels = 2}, {{"x", {batch(), graph::Dim(2), frames()}, 2}}};
  TorchExecutor whole(one_node(item.op, item.inputs));
  TorchExecutor half(one_node(item.op, item.inputs));
  half.set_all_reduce([](const torch::Tensor& x) { return x * 2; });
  whole.set_training(true);
  half.set_training(true);
  const torch::Tensor x = normal({3, 2, 8}, 5);
  const torch::Tensor a =
      whole.forward("block", {{"x", torch::cat({x, x})}}).at("y0").slice(0, 0, 3);
  const torch::Tensor b = half.forward("block", {{"x", x}}).at("y0");
  EXPECT_LT(distance(a, b), 1e-5);
  EXPECT_LT(
      distance(whole.parameters().at("node.running_var"), half.parameters().at("node.running_var")),
      1e-6);
}

class HalfPrecision : public ::testing::TestWithParam<NodeCase> {};

TEST_P(HalfPrecision, stays_within_its_bound_of_fp32) {
  const NodeCase& item = GetParam();
  const NamedTensors inputs = inputs_of(item, 2, 9, torch::kFloat32);
  const torch::NoGradGuard no_grad;
  TorchExecutor full(one_node(item.op, item.inputs));
  const NamedTensors expected = full.forward("block", inputs);
  for (const auto& [precision, bound] : std::vector<std::pair<graph::Precision, double>>{
           {graph::Precision::kFp16, 8e-3}, {graph::Precision::kBf16, 6e-2}}) {
    TorchExecutor half(one_node(item.op, item.inputs), {.precision = precision});
    for (const auto& [name, y] : half.forward("block", inputs)) {
      EXPECT_EQ(y.scalar_type(), torch::kFloat32);
      const double scale = 1 + (y.numel() > 0 ? expected.at(name).abs().max().item<double>() : 0);
      EXPECT_LT(distance(y, expected.at(name)), bound * scale) << name_of(precision) << " " << name;
    }
  }
}

/// The logarithm near 0 has no bound.
std::vector<NodeCase> bounded_cases() {
  std::vector<NodeCase> cases = node_cases();
  std::erase_if(cases, [](const NodeCase& item) { return item.name == "activate_log"; });
  return cases;
}

INSTANTIATE_TEST_SUITE_P(EveryKind, HalfPrecision, ::testing::ValuesIn(bounded_cases()), case_name);

class Threads : public ::testing::TestWithParam<NodeCase> {};

TEST_P(Threads, one_and_two_give_the_same_bits) {
  const NodeCase& item = GetParam();
  const NamedTensors inputs =
      inputs_of(item, 4, item.name == "positional" ? 20 : 64, torch::kFloat32);
  const torch::NoGradGuard no_grad;
  TorchExecutor executor(one_node(item.op, item.inputs));
  const int before = torch::get_num_threads();
  torch::set_num_threads(1);
  const NamedTensors one = executor.forward("block", inputs);
  torch::set_num_threads(2);
  const NamedTensors two = executor.forward("block", inputs);
  torch::set_num_threads(before);
  for (const auto& [name, y] : one) EXPECT_TRUE(torch::equal(y, two.at(name))) << name;
}

INSTANTIATE_TEST_SUITE_P(EveryKind, Threads, ::testing::ValuesIn(node_cases()), case_name);

TEST(OpenBlas, has_one_thread_where_libtorch_has) {
  void* count = ::dlsym(RTLD_DEFAULT, "openblas_get_num_threads");
  // PyTorch's wheels multiply with MKL, whose threads are LibTorch's own: there is nothing to hold.
  if (count == nullptr) GTEST_SKIP() << "this LibTorch does not multiply with OpenBLAS";
  const auto openblas_threads = reinterpret_cast<int (*)()>(count);
  for (const int threads : {2, 1}) {
    TorchExecutor executor(one_node(graph::Dropout{0.5}, {{"x", {batch(), frames()}, 1}}),
                           {.threads = threads});
    EXPECT_EQ(openblas_threads(), threads);
  }
}

TEST(Executor, says_what_runs) {
  TorchExecutor executor(one_node(graph::Scale{2}, {{"x", {batch(), frames()}, 1}}),
                         {.precision = graph::Precision::kBf16});
  EXPECT_NE(executor.describe().find("cpu bf16 (rounded values, fp32 sums)"), std::string::npos)
      << executor.describe();
}

TEST(Executor, runs_a_quantized_model_in_floats_and_says_so) {
  graph::Model model =
      one_node(graph::Linear{3, 2}, {{"x", {batch(), frames(), graph::Dim(3)}, 1}});
  const NamedTensors inputs{{"x", normal({2, 4, 3}, 1)}};
  const torch::Tensor want = TorchExecutor(model).forward("block", inputs).at("y0");
  model.quantization.precision = graph::Precision::kInt8;
  TorchExecutor executor(model);
  EXPECT_TRUE(torch::equal(executor.forward("block", inputs).at("y0"), want));
  EXPECT_NE(executor.describe().find("fp32 (the model's quantization, int8, is not applied)"),
            std::string::npos)
      << executor.describe();
}

TEST(Executor, refuses_what_is_not_there_by_name) {
  const auto make = [](const TorchOptions& options) {
    TorchExecutor executor(one_node(graph::Scale{2}, {{"x", {batch(), frames()}, 1}}), options);
  };
  EXPECT_THROW(make({.device = "tpu"}), Error);
  EXPECT_THROW(make({.precision = graph::Precision::kInt8}), Error);
  if (!torch::cuda::is_available()) {
    EXPECT_THROW(make({.device = "cuda"}), Error);
  }
}

TEST(Executor, an_embedding_refuses_a_token_outside_its_vocabulary) {
  TorchExecutor executor(
      one_node(graph::Embedding{5, 2}, {{"x", {batch(), frames()}, 1, DType::kI64}}));
  const torch::Tensor tokens = torch::tensor({{1, 5}}, torch::kInt64);
  EXPECT_THROW(executor.forward("block", {{"x", tokens}}), Error);
}

}  // namespace
}  // namespace nest::nn
