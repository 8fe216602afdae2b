// ONNX Runtime on every node kind, every graph of every variant and every operator set.
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "ort_cases.h"
#include "tests/runtime/families.h"
#include "tests/support/causal_models.h"
#include "tests/support/node_cases.h"
#include "tests/support/unit_models.h"
#include "tests/support/unit_runs.h"

namespace nest::exports {
namespace {

using graph::Attention;
using graph::Bindings;
using graph::Dim;
using test::NodeCase;
using test::TestInput;

class EveryExportInOnnxRuntime : public testing::Test {
 protected:
  void SetUp() override {
    // Debian has no ONNX Runtime; what is written without one is checked in the other tests here.
    if (!cases_.is_available())
      GTEST_SKIP() << "needs python3 (or NEST_ORT_PYTHON) with onnx and onnxruntime";
  }
  OrtCases cases_;
};

const std::vector<Bindings> kNodeLengths{
    {{"B", 2}, {"T", 9}}, {{"B", 1}, {"T", 12}}, {{"B", 3}, {"T", 17}}};

/// Masks, positions in a stream and tables, which node_cases() leaves out.
std::vector<NodeCase> cases_with_more_inputs() {
  const Dim b = test::batch(), t = test::frames();
  const auto row = [&](std::string name, Dim length, std::int64_t d) {
    return TestInput{std::move(name), {b, std::move(length), Dim(d)}};
  };
  const TestInput none{}, position{"position", {}, -1, DType::kI64};
  const TestInput attend{"attend", {b, t, t}, -1, DType::kBool};
  const TestInput padded{"padded", {b, t}, -1, DType::kBool};
  const std::vector<TestInput> self{row("q", t, 4), row("k", t, 4), row("v", t, 4)};
  const std::vector<TestInput> step{
      row("q", Dim(3), 4), row("k", Dim(8), 4), row("v", Dim(8), 4), none, none, position};
  const auto with = [](std::vector<TestInput> inputs, const std::vector<TestInput>& more) {
    inputs.insert(inputs.end(), more.begin(), more.end());
    return inputs;
  };
  std::vector<NodeCase> cases;
  for (const auto kind :
       {Attention::Kind::kSoftmax, Attention::Kind::kRelative, Attention::Kind::kLinear}) {
    Attention op{.kind = kind, .embed_dim = 4, .num_heads = 2};
    if (kind == Attention::Kind::kRelative) op.max_distance = 2;
    const std::string name(name_of(kind));
    cases.push_back({name + "_attend", op, with(self, {attend})});
    cases.push_back({name + "_attend_padded", op, with(self, {attend, padded})});
    op.left = 5;
    op.right = 0;
    cases.push_back({name + "_step", op, step});
    op.left = op.right = -1;
    op.chunk = 3;
    op.left_chunks = 1;
    cases.push_back({name + "_step_chunks", op, step});
  }
  const TestInput tokens{"tokens", {b, Dim(5)}, -1, DType::kI64};
  const TestInput attend_three{"attend", {b, Dim(3), t}, -1, DType::kBool};
  cases.push_back({"embedding", graph::Embedding{7, 3}, {tokens}});
  cases.push_back({"count", graph::CountFrames{1}, {position, row("x", t, 3)}});
  cases.push_back(
      {"positional_offset", graph::PositionalEncoding{30, 3}, {row("x", t, 3), position}});
  cases.push_back({"additive_attend",
                   graph::AdditiveAttention{3},
                   {row("q", Dim(3), 3), row("k", t, 3), row("v", t, 2), none, attend_three}});
  return cases;
}

std::vector<NodeCase> all_node_cases() {
  std::vector<NodeCase> cases = test::node_cases();
  for (NodeCase& item : cases_with_more_inputs()) cases.push_back(std::move(item));
  return cases;
}

TEST_F(EveryExportInOnnxRuntime, equals_ours_for_every_node_kind) {
  for (const NodeCase& item : all_node_cases())
    cases_.add(test::one_node(item.op, item.inputs),
               {.name = item.name, .graph = "block", .lengths = kNodeLengths});
  cases_.check();
}

TEST_F(EveryExportInOnnxRuntime, equals_ours_for_every_node_kind_in_every_operator_set) {
  for (const int opset :
       {kLeastOpset, 12, 13, 14, 15, 16, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, kMostOpset})
    for (const NodeCase& item : all_node_cases())
      cases_.add(test::one_node(item.op, item.inputs),
                 {.name = std::to_string(opset) + "_" + item.name,
                  .graph = "block",
                  .options = {.opset = opset},
                  .lengths = {kNodeLengths.front()}});
  cases_.check();
}

TEST_F(EveryExportInOnnxRuntime, equals_ours_for_every_graph_of_every_family) {
  for (const runtime::Family& family : runtime::kFamilies)
    add_graphs(cases_, family.name, runtime::make_model(family), {});
  cases_.check();
}

TEST_F(EveryExportInOnnxRuntime, equals_ours_for_every_causal_model_and_its_steps) {
  for (const test::CausalCase& item : test::causal_cases())
    add_graphs(cases_, item.name, test::make_causal_model(item), {});
  cases_.check();
}

TEST_F(EveryExportInOnnxRuntime, equals_ours_for_every_model_without_some_of_its_units) {
  Rng rng(11);
  for (const test::UnitModel& item : test::unit_models()) {
    if (item.key.starts_with("nest_"))
      add_graphs(cases_, item.name, test::in_random_sizes(test::make_unit_model(item), rng), {});
  }
  cases_.check();
}

TEST_F(EveryExportInOnnxRuntime, in_half_precision_is_near_ours) {
  for (const runtime::Family& family : runtime::kFamilies)
    add_graphs(cases_, family.name, runtime::make_model(family),
               {.precision = graph::Precision::kFp16}, {.tolerance = 1e-2});
  cases_.check();
}

/// Of fp32; the native runtime's own int8 is as far off.
const ExportCase kInt8Bounds{.tolerance = 1e-2, .relative = 6e-2};

TEST_F(EveryExportInOnnxRuntime, of_8_bit_weights_is_near_ours) {
  for (const runtime::Family& family : runtime::kFamilies)
    add_graphs(cases_, family.name, runtime::make_model(family),
               {.precision = graph::Precision::kInt8}, kInt8Bounds);
  cases_.check();
}

TEST_F(EveryExportInOnnxRuntime, of_fixed_activation_scales_is_near_our_int8) {
  for (const runtime::Family& family : runtime::kFamilies) {
    graph::Model model = runtime::make_model(family);
    model.quantization.activations = runtime::scales_of(model);
    add_graphs(cases_, family.name, model, {.precision = graph::Precision::kInt8},
               {.tolerance = 1e-2, .relative = 2e-1, .native = graph::Precision::kInt8});
  }
  cases_.check();
}

TEST_F(EveryExportInOnnxRuntime, multiplies_codes_in_every_step_of_8_bit_recurrent_layers) {
  const graph::Dim b = test::batch(), t = test::frames();
  const auto add = [&](const std::string& name, const graph::Op& op) {
    cases_.add(test::one_node(op, {{"x", {b, t, graph::Dim(16)}, 1}}),
               {.name = name,
                .graph = "block",
                .options = {.precision = graph::Precision::kInt8},
                .lengths = {kNodeLengths.front()},
                .tolerance = kInt8Bounds.tolerance,
                .relative = 2e-1,
                .in_every_scan = "MatMulIntegerToFloat"});
  };
  add("gru", graph::Gru{16, 32, 2, true});
  add("lstm", graph::Lstm{16, 32, 2, true});
  cases_.check();
}

/// Any batch and any length that the graph declares open.
TEST_F(EveryExportInOnnxRuntime, no_shape_that_is_open_fails) {
  Rng rng(11);
  for (const runtime::Family& family : runtime::kFamilies) {
    const graph::Model model = runtime::make_model(family);
    const ModelExporter exporter(model);
    for (const std::string& graph : exporter.graphs()) {
      std::vector<Bindings> lengths;
      for (int i = 0; i < 8; ++i) {
        const auto any = [&](std::int64_t least, std::uint64_t range) {
          return least + static_cast<std::int64_t>(rng.below(range));
        };
        lengths.push_back(
            {{"B", any(1, 5)}, {"T", any(200, 900)}, {"U", any(1, 6)}, {"N", any(1, 5)}});
      }
      cases_.add(
          model,
          {.name = std::string(family.name) + "_" + graph, .graph = graph, .lengths = lengths});
    }
  }
  cases_.check();
}

TEST(Style, ports_are_called_as_the_toolkits_call_them) {
  const graph::Model model =
      runtime::make_model(runtime::kFamilies[4]);  // a causal LSTM transducer
  const ModelExporter exporter(model);
  const test::TempDir dir;
  const auto ports = [&](const char* graph, OnnxStyle style) {
    const ExportedGraph made = exporter.export_onnx(dir / "m.onnx", graph, {.style = style});
    std::string text;
    for (const ExportedPort& port : made.inputs) text += port.name + " ";
    text += "->";
    for (const ExportedPort& port : made.outputs) text += " " + port.name;
    return text;
  };
  EXPECT_EQ(ports("encoder", OnnxStyle::kIcefall), "x -> encoder_out");
  EXPECT_EQ(ports("predictor", OnnxStyle::kIcefall),
            "y state0 state1 -> decoder_out new_state0 new_state1");
  EXPECT_EQ(ports("joiner", OnnxStyle::kIcefall), "encoder_out decoder_out -> logit");
  EXPECT_EQ(ports("encoder", OnnxStyle::kNemo), "audio_signal -> outputs");
  EXPECT_EQ(ports("predictor", OnnxStyle::kNemo),
            "targets cache_0 cache_1 -> outputs cache_0_next cache_1_next");
  EXPECT_TRUE(ports("encoder_step", OnnxStyle::kIcefall).starts_with("x state0"));
  EXPECT_THROW(ModelExporter(runtime::make_model(runtime::kFamilies[0]))
                   .export_onnx(dir / "m.onnx", "model", {.style = OnnxStyle::kNemo}),
               Error);
}

}  // namespace
}  // namespace nest::exports
