#include "nest/export/model_exporter.h"

#include <algorithm>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "export/graph_to_onnx.h"
#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/deploy/model_file.h"
#include "nest/export/export_files.h"
#include "nest/io/checkpoint.h"
#include "tests/runtime/families.h"
#include "tests/support/causal_models.h"
#include "tests/support/one_node.h"
#include "tests/support/temp_dir.h"

namespace nest::exports {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

graph::Model family(std::string_view name) {
  for (const runtime::Family& item : runtime::kFamilies)
    if (name == item.name) return runtime::make_model(item);
  throw std::invalid_argument(std::string(name));
}

std::vector<std::string> names(const std::vector<OnnxValue>& values) {
  std::vector<std::string> all;
  for (const OnnxValue& value : values) all.push_back(value.name);
  return all;
}

void expect_error(ErrorCode code, const std::string& part, const std::function<void()>& run) {
  try {
    run();
    FAIL() << "expected an error with: " << part;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    EXPECT_THAT(error.what(), HasSubstr(part));
  }
}

TEST(ModelExporter, a_ctc_model_is_one_graph_from_signal_to_log_probs) {
  const ModelExporter exporter(family("bilstm_ctc"));
  EXPECT_THAT(exporter.graphs(), ElementsAre("ctc_head", "encoder", "model"));
  const test::TempDir dir;
  const ExportedGraph exported = exporter.export_onnx(dir / "m.onnx", "model");
  ASSERT_EQ(exported.inputs.size(), 1U);
  EXPECT_EQ(exported.inputs[0].name, "signal");
  EXPECT_THAT(exported.inputs[0].shape, ElementsAre("batch", "6", "samples"));
  ASSERT_EQ(exported.outputs.size(), 1U);
  EXPECT_EQ(exported.outputs[0].name, "log_probs");
  EXPECT_THAT(exported.outputs[0].shape, ElementsAre("batch", "frames", "11"));
  EXPECT_EQ(exported.file_bytes,
            static_cast<std::int64_t>(std::filesystem::file_size(dir / "m.onnx")));
}

TEST(ModelExporter, a_causal_model_has_its_steps_too) {
  const ModelExporter exporter(test::make_causal_model(test::causal_cases().front()));
  EXPECT_THAT(exporter.graphs(),
              ElementsAre("ctc_head", "encoder", "encoder_step", "model", "model_step"));
  const OnnxModel step = graph_to_onnx(exporter.model(), exporter.model().graph("model_step"), {});
  std::vector<std::string> outputs{"log_probs"};
  const std::vector<std::string> inputs = names(step.graph.inputs);
  EXPECT_EQ(inputs.front(), "signal");
  for (auto state = inputs.begin() + 1; state != inputs.end(); ++state)
    outputs.push_back(*state + "_out");
  EXPECT_THAT(names(step.graph.outputs), testing::UnorderedElementsAreArray(outputs));
}

TEST(ModelExporter, states_are_inputs_and_come_back_with_out_behind_their_names) {
  const ModelExporter exporter(family("gru_location_aware"));
  const test::TempDir dir;
  const ExportedGraph exported = exporter.export_onnx(dir / "m.onnx", "decoder_step");
  EXPECT_THAT(exported.states, ElementsAre("h", "c", "previous_attention"));
  std::vector<std::string> inputs, outputs;
  for (const ExportedPort& port : exported.inputs) inputs.push_back(port.name);
  for (const ExportedPort& port : exported.outputs) outputs.push_back(port.name);
  EXPECT_THAT(inputs, ElementsAre("token", "encoder_output", "h", "c", "previous_attention"));
  EXPECT_THAT(outputs,
              ElementsAre("logits", "attention", "h_out", "c_out", "previous_attention_out"));
}

TEST(ModelExporter, optional_inputs_are_kept_on_request) {
  const graph::Model model = family("gru_attention");
  const graph::Graph& step = model.graph("decoder_step");
  const OnnxModel with = graph_to_onnx(model, step, {.keep = {"memory_attend"}});
  EXPECT_THAT(names(with.graph.inputs), testing::Contains("memory_attend"));
  expect_error(ErrorCode::kInvalidArgument, "items of a batch have one length",
               [&] { graph_to_onnx(model, step, {.keep = {"lengths"}}); });
  expect_error(ErrorCode::kInvalidArgument, "'token' is always there",
               [&] { graph_to_onnx(model, step, {.keep = {"token"}}); });
  expect_error(ErrorCode::kNotFound, "memory_attend",
               [&] { graph_to_onnx(model, step, {.keep = {"mask"}}); });
}

TEST(ModelExporter, what_cannot_be_exported_is_one_error_with_node_and_kind) {
  graph::Model model =
      test::one_node(graph::Linear{3, 2, true}, {{"x", {test::batch(), graph::Dim(3)}}});
  model.weights.erase("node.w1");
  expect_error(ErrorCode::kNotFound,
               "graph 'block': node 'node' (linear): weight 'node.w1' is missing",
               [&] { graph_to_onnx(model, model.graph("block"), {}); });
}

TEST(ModelExporter, an_input_that_a_node_needs_cannot_be_left_out) {
  graph::Model model;
  graph::Graph graph;
  graph.name = "block";
  const auto x = graph.add_input("x", DType::kF32, {test::batch(), graph::Dim(3)}, -1, true);
  graph.add_output("y", graph.add_node("tanh", graph::Activate{graph::Activation::kTanh}, {x})[0]);
  model.graphs.emplace("block", graph);
  expect_error(ErrorCode::kInvalidArgument, "node 'tanh' (activate)",
               [&] { graph_to_onnx(model, graph, {}); });
  EXPECT_THAT(names(graph_to_onnx(model, graph, {.keep = {"x"}}).graph.inputs), ElementsAre("x"));
}

TEST(ModelExporter, an_unknown_graph_lists_those_there_are) {
  const ModelExporter exporter(family("lstm_rnn_t"));
  const test::TempDir dir;
  expect_error(ErrorCode::kNotFound, "joiner",
               [&] { exporter.export_onnx(dir / "m.onnx", "decoder"); });
  EXPECT_FALSE(std::filesystem::exists(dir / "m.onnx"));
}

TEST(ModelExporter, a_state_dict_is_the_model_with_metadata) {
  const graph::Model model = family("bilstm_ctc");
  const test::TempDir dir;
  ModelExporter(model).export_state_dict(dir / "m.pt", {{"training_wer", "0.15"}});
  EXPECT_EQ(io::read_checkpoint(dir / "m.pt").extra.at("metadata").at("training_wer"), "0.15");
  const graph::Model read = deploy::load_model(dir / "m.pt");
  EXPECT_EQ(read.graphs.size(), model.graphs.size());
  for (const auto& [name, tensor] : model.weights)
    EXPECT_TRUE(bit_equal(tensor, read.weights.at(name))) << name;
}

TEST(ModelExporter, layers_keep_the_precision_that_the_model_gives_them) {
  graph::Model model = family("bilstm_ctc");
  model.quantization.precision = graph::Precision::kInt8;
  model.quantization.layers[model.graph("ctc_head").nodes.front().name] = {graph::Precision::kFp32};
  const ModelExporter exporter(model);
  const auto count = [&](std::string_view graph, std::string_view op) {
    const OnnxModel onnx = graph_to_onnx(exporter.model(), exporter.model().graph(graph),
                                         {.precision = graph::Precision::kInt8});
    return std::ranges::count(onnx.graph.nodes, op, &OnnxNode::op);
  };
  EXPECT_EQ(count("ctc_head", "MatMulInteger"), 0);
  EXPECT_EQ(count("encoder", "MatMulInteger"), 4) << "the input products of two layers, two ways";
  EXPECT_EQ(count("encoder", "Scan"), 4);
  EXPECT_EQ(count("encoder", "LSTM"), 0);
}

TEST(OnnxOptionsLaw, precisions_and_operator_sets_outside_of_onnx_are_refused) {
  expect_error(ErrorCode::kInvalidArgument, "opset", [] { validate(OnnxOptions{.opset = 10}); });
  expect_error(ErrorCode::kInvalidArgument, "opset",
               [] { validate(OnnxOptions{.opset = kMostOpset + 1}); });
  expect_error(ErrorCode::kInvalidArgument, "int4",
               [] { validate(OnnxOptions{.precision = graph::Precision::kInt4}); });
  expect_error(ErrorCode::kInvalidArgument, "`opset` 13",
               [] { validate(OnnxOptions{.precision = graph::Precision::kInt8, .opset = 12}); });
  expect_error(ErrorCode::kInvalidArgument, "`opset` 13",
               [] { validate(OnnxOptions{.precision = graph::Precision::kInt8, .opset = 12}); });
}

TEST(OnnxOptionsLaw, each_operator_set_comes_with_the_ir_of_its_release) {
  EXPECT_EQ(ir_version_of(11), 8);
  EXPECT_EQ(ir_version_of(17), 8);
  EXPECT_EQ(ir_version_of(18), 8);
  EXPECT_EQ(ir_version_of(20), 9);
  EXPECT_EQ(ir_version_of(22), 10);
  EXPECT_EQ(ir_version_of(23), 11);
  EXPECT_EQ(ir_version_of(24), 12);
  EXPECT_EQ(ir_version_of(27), 13);
  EXPECT_EQ(ir_version_of(28), 14);
}

TEST(ExportOnnxFiles, options_of_onnx_are_refused_for_other_formats) {
  const test::TempDir dir;
  const ModelExporter exporter(family("bilstm_ctc"));
  for (const ExportFormat format : {ExportFormat::kTorchScript, ExportFormat::kStateDict})
    EXPECT_THROW(
        export_model(
            exporter, dir / "m.pt",
            {.format = format, .graph = "", .onnx = {.precision = graph::Precision::kFp16}}),
        Error);
  EXPECT_THROW(export_model(exporter, dir / "m.ts",
                            {.format = ExportFormat::kTorchScript, .graph = "preprocessing"}),
               Error);
}

TEST(ExportOnnxFiles, a_model_of_several_graphs_becomes_a_file_each) {
  const test::TempDir dir;
  const ModelExporter whole(family("bilstm_ctc"));
  EXPECT_EQ(export_model(whole, dir / "m.onnx").graphs.front().path, dir / "m.onnx");
  const Exported all = export_model(whole, dir / "m.onnx", {.graph = "all"});
  ASSERT_EQ(all.graphs.size(), 3U);
  EXPECT_EQ(all.graphs[1].path, dir / "m.encoder.onnx");
  EXPECT_TRUE(std::filesystem::exists(all.graphs[1].path));
  EXPECT_THAT(exported_text(all), HasSubstr("  in   signal float32 [batch, 6, samples]"));
}

}  // namespace
}  // namespace nest::exports
