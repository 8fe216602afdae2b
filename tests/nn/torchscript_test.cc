// TorchScript files in LibTorch and in PyTorch.
#include "nest/nn/torchscript.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/export/torchscript.h"
#include "nest/optimize/inference_optimizer.h"
#include "one_node.h"
#include "tests/runtime/families.h"
#include "tests/support/causal_models.h"
#include "tests/support/export_cases.h"
#include "tests/support/node_cases.h"

namespace nest::nn {
namespace {

using testing::HasSubstr;

void write_case(const exports::ModelExporter& exporter, const exports::ExportCase& item,
                const std::filesystem::path& folder) {
  exporter.export_torchscript(folder / "model.ts", item.graph);
}

class EveryTorchScript : public testing::Test {
 protected:
  void SetUp() override { exports::register_torchscript(write_torchscript); }
  void TearDown() override { exports::register_torchscript(nullptr); }

  /// In PyTorch, where there is one; LibTorch ran each file's graph already, when it was written.
  void check_in_python() {
    // Python with PyTorch is no part of what the two commands install.
    if (!cases_.is_available()) GTEST_SKIP() << "needs python3 (or NEST_TORCH_PYTHON) with torch";
    cases_.check();
  }
  exports::ExportCases cases_{"nn/torchscript_check.py", "NEST_TORCH_PYTHON", write_case};
};

TEST_F(EveryTorchScript, equals_the_runtime_for_every_node_kind_any_batch_and_any_length) {
  for (const test::NodeCase& item : test::node_cases())
    cases_.add(test::one_node(item.op, item.inputs),
               {.name = item.name,
                .graph = "block",
                .lengths = {{{"B", 2}, {"T", 9}}, {{"B", 1}, {"T", 12}}, {{"B", 3}, {"T", 17}}}});
  check_in_python();
}

TEST_F(EveryTorchScript, equals_the_runtime_for_every_graph_of_every_family) {
  for (const runtime::Family& family : runtime::kFamilies)
    exports::add_graphs(cases_, family.name, runtime::make_model(family));
  check_in_python();
}

TEST_F(EveryTorchScript, equals_streaming_for_every_causal_model_over_fifty_steps) {
  for (const test::CausalCase& item : test::causal_cases())
    exports::add_graphs(cases_, item.name, test::make_causal_model(item));
  check_in_python();
}

TEST_F(EveryTorchScript, of_an_optimized_model_has_its_batch_norms_folded) {
  const test::TempDir dir;
  optimize::InferenceOptimizer optimizer(runtime::make_model(runtime::kFamilies[0]));
  const auto files = optimizer.export_torchscript(dir / "m.ts");
  ASSERT_EQ(files.size(), 1u);
  EXPECT_EQ(files[0].graph, "model");
  EXPECT_EQ(files[0].inputs[0].shape, (std::vector<std::string>{"batch", "6", "samples"}));
  EXPECT_GT(files[0].nodes, 0);
}

TEST(TorchScript, needs_a_program_with_libtorch) {
  const test::TempDir dir;
  const exports::ModelExporter exporter(runtime::make_model(runtime::kFamilies[0]));
  try {
    exporter.export_torchscript(dir / "m.ts", "encoder");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
    EXPECT_THAT(error.what(), HasSubstr("nest-torch"));
  }
}

TEST(TorchScript, names_the_graph_whose_inputs_do_not_fit) {
  const test::TempDir dir;
  const graph::Model model = runtime::make_model(runtime::kFamilies[0]);
  EXPECT_THROW(write_torchscript(model, "encoder", {{{"eeg_data", Tensor(DType::kF32, {1, 2, 3})}}},
                                 "{}", dir / "m.ts"),
               Error);
  EXPECT_FALSE(std::filesystem::exists(dir / "m.ts"));
}

}  // namespace
}  // namespace nest::nn
