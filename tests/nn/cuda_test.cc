// LibTorch on a GPU, where there is one.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "nest/export/model_exporter.h"
#include "nest/graph/sample_inputs.h"
#include "nest/nn/executor.h"
#include "tests/runtime/families.h"
#include "tests/support/largest_difference.h"

namespace nest::nn {
namespace {

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

INSTANTIATE_TEST_SUITE_P(EveryPrecision, OnCuda,
                         testing::Values(graph::Precision::kFp32, graph::Precision::kFp16,
                                         graph::Precision::kBf16),
                         [](const auto& info) { return std::string(name_of(info.param)); });

}  // namespace
}  // namespace nest::nn
