// LibTorch on a GPU, where there is one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "nest/export/model_exporter.h"
#include "nest/graph/sample_inputs.h"
#include "nest/nn/executor.h"
#include "tests/runtime/families.h"
#include "tests/support/largest_difference.h"

namespace nest::nn {
namespace {

/// Of the first row.
std::int64_t likeliest(const Tensor& logits) {
  const auto row = logits.data<float>().first(static_cast<std::size_t>(logits.shape().back()));
  return std::ranges::max_element(row) - row.begin();
}

/// All outputs of each step of a greedy decode over a random memory.
std::vector<TensorMap> decode(TorchExecutor& executor, std::int64_t frames, std::uint64_t seed) {
  const graph::Model& model = executor.model();
  const bool is_attention = model.family == graph::Family::kAttention;
  const graph::Graph& step = model.graph(is_attention ? "decoder_step" : "predictor");
  const graph::Bindings lengths{{"B", 1}, {"T", frames}, {"U", 1}, {"N", 4}};
  TensorMap inputs = graph::sample_inputs(step, lengths, seed);
  TensorMap joined;
  if (!is_attention) joined = graph::sample_inputs(model.graph("joiner"), lengths, seed);
  std::vector<TensorMap> steps;
  for (int i = 0; i < 12; ++i) {
    TensorMap outputs = executor.run(step.name, inputs);
    for (const graph::Port& port : step.outputs)
      if (!port.feeds.empty()) inputs[port.feeds] = outputs.at(port.name);
    if (!is_attention) {
      joined["prediction_output"] = outputs.at("prediction_output");
      outputs.merge(executor.run("joiner", joined));
    }
    inputs[is_attention ? "token" : "tokens"] =
        Tensor::from<std::int64_t>({1, 1}, {likeliest(outputs.at("logits"))});
    steps.push_back(std::move(outputs));
  }
  return steps;
}

class OnCuda : public testing::TestWithParam<graph::Precision> {
 protected:
  void SetUp() override {
    // Debian's LibTorch is built for the CPU alone.
    if (!torch::cuda::is_available()) GTEST_SKIP() << "needs a CUDA device and LibTorch with CUDA";
  }
  static double tolerance() { return GetParam() == graph::Precision::kFp32 ? 1e-4 : 5e-2; }
};

TEST_P(OnCuda, every_graph_of_every_family_gives_what_the_cpu_gives_in_fp32) {
  for (const runtime::Family& family : runtime::kFamilies) {
    const exports::ModelExporter exporter(runtime::make_model(family));
    const graph::Model& model = exporter.model();
    TorchExecutor cpu(model);
    TorchExecutor gpu(model, {.device = "cuda", .precision = GetParam()});
    for (const auto& [name, graph] : model.graphs) {
      SCOPED_TRACE(std::string(family.name) + " " + name);
      const TensorMap inputs =
          graph::sample_inputs(graph, {{"B", 2}, {"T", 400}, {"U", 3}, {"N", 4}});
      EXPECT_LE(test::largest_difference(gpu.run(name, inputs), cpu.run(name, inputs)),
                tolerance());
    }
  }
}

TEST_P(OnCuda, a_greedy_decode_of_replayed_steps_is_that_of_plain_ones) {
  for (const runtime::Family& family : runtime::kFamilies) {
    SCOPED_TRACE(family.name);
    const graph::Model model = runtime::make_model(family);
    if (model.family == graph::Family::kCtc) continue;
    TorchExecutor plain(model, {.device = "cuda", .precision = GetParam()});
    TorchExecutor replaying(model,
                            {.device = "cuda", .precision = GetParam(), .cuda_graphs = true});
    std::uint64_t seed = 3;
    for (const std::int64_t frames : {400, 400, 300, 400}) {
      const auto want = decode(plain, frames, ++seed), got = decode(replaying, frames, seed);
      for (std::size_t i = 0; i < want.size(); ++i)
        EXPECT_LE(test::largest_difference(want[i], got[i]), 1e-5) << "step " << i;
    }
    EXPECT_THAT(replaying.describe(), testing::Not(testing::HasSubstr("none of")));
    EXPECT_THAT(replaying.describe(), testing::Not(testing::HasSubstr(" 0 passes recorded")));
  }
}

INSTANTIATE_TEST_SUITE_P(EveryPrecision, OnCuda,
                         testing::Values(graph::Precision::kFp32, graph::Precision::kFp16,
                                         graph::Precision::kBf16),
                         [](const auto& info) { return std::string(name_of(info.param)); });

}  // namespace
}  // namespace nest::nn
