// Our own files read back; operators as other programs write them.
#include "nest/export/onnx_importer.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "export/graph_to_onnx.h"
#include "export/onnx_read.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "nest/export/model_exporter.h"
#include "nest/export/onnx_inspection.h"
#include "nest/graph/serialize.h"
#include "nest/graph/streaming.h"
#include "tests/runtime/families.h"
#include "tests/support/causal_models.h"
#include "tests/support/largest_difference.h"
#include "tests/support/temp_dir.h"

namespace nest::exports {
namespace {

using testing::HasSubstr;

std::string bytes_of(const OnnxModel& model) {
  std::ostringstream out;
  write_onnx(out, model);
  return std::move(out).str();
}

graph::Model read(const std::string& bytes, const ImportOptions& options = {}) {
  return import_onnx_operators(std::as_bytes(std::span(bytes)), "read", options);
}

/// A graph as its operators alone say it: without what our metadata adds.
graph::Model reread(const graph::Model& model, const std::string& graph, int opset) {
  OnnxOptions options;
  options.opset = opset;
  return read(bytes_of(graph_to_onnx(model, model.graph(graph), options)));
}

Tensor noise(const Shape& shape, std::uint64_t seed = 3) {
  Rng rng(seed);
  Tensor tensor(DType::kF32, shape);
  for (float& x : tensor.mutable_data<float>()) x = static_cast<float>(rng.normal());
  return tensor;
}

TensorMap run(const graph::Model& model, const std::string& graph, const TensorMap& inputs) {
  runtime::NativeExecutor executor(runtime::prepare(model));
  return executor.run(graph, inputs);
}

double difference(const Tensor& a, const Tensor& b) {
  return test::largest_difference({{"", a}}, {{"", b}});
}

bool is_counter(const std::string& name) {
  return name.ends_with("num_batches_tracked");
}

class OwnFile : public testing::TestWithParam<runtime::Family> {};
INSTANTIATE_TEST_SUITE_P(Families, OwnFile, testing::ValuesIn(runtime::kFamilies),
                         [](const auto& item) { return std::string(item.param.name); });

TEST_P(OwnFile, every_graph_read_back_is_the_identity) {
  const test::TempDir dir;
  const graph::Model model = runtime::make_model(GetParam());
  const ModelExporter exporter(model);
  for (const std::string& name : exporter.graphs()) {
    SCOPED_TRACE(name);
    for (const int opset : {11, 17}) {
      exporter.export_onnx(dir / "m.onnx", name, {.opset = opset});
      const graph::Model back = import_onnx(dir / "m.onnx");
      const bool is_whole = back.family == model.family;
      EXPECT_EQ(is_whole, name == "model" || model.graphs.size() == 1);
      for (const auto& [graph_name, graph] : back.graphs) {
        EXPECT_EQ(graph::to_json(graph), graph::to_json(exporter.model().graph(graph_name)));
        for (const graph::WeightInfo& info : graph::weight_infos(graph)) {
          if (is_counter(info.name)) continue;
          EXPECT_TRUE(bit_equal(back.weights.at(info.name), model.weights.at(info.name)))
              << info.name;
        }
      }
      EXPECT_EQ(nest::to_json(back.signal), nest::to_json(model.signal));
      EXPECT_EQ(back.vocabulary.size, model.vocabulary.size);
    }
  }
}

TEST(OnnxImport, a_file_that_was_changed_is_read_by_its_operators) {
  const test::TempDir dir;
  const graph::Model model = runtime::make_model(runtime::kFamilies[0]);
  const ModelExporter exporter(model);
  exporter.export_onnx(dir / "m.onnx", "model");
  OnnxModel onnx = read_onnx(MappedFile::open(dir / "m.onnx")->bytes());
  onnx.graph.initializers[0].name += "_renamed";
  for (OnnxNode& node : onnx.graph.nodes) {
    for (std::string& input : node.inputs) {
      if (input + "_renamed" == onnx.graph.initializers[0].name) input += "_renamed";
    }
  }
  write_text_file(dir / "m.onnx", bytes_of(onnx));
  const graph::Model back = import_onnx(dir / "m.onnx");
  EXPECT_EQ(back.family, graph::Family::kBlock);
  const Tensor signal = noise({2, 6, 400});
  EXPECT_LE(difference(run(back, "block", {{"signal", signal}}).at("log_probs"),
                       run(exporter.model(), "model", {{"signal", signal}}).at("log_probs")),
            1e-5);
}

/// Graphs whose node kinds are all among those that operators are followed to.
TEST(OnnxImport, operators_alone_give_the_same_outputs_in_old_and_new_operator_sets) {
  const std::pair<int, const char*> graphs[] = {{0, "model"},     {1, "encoder"},  {2, "encoder"},
                                                {2, "predictor"}, {2, "joiner"},   {3, "model"},
                                                {4, "encoder"},   {4, "predictor"}};
  for (const auto& [family, name] : graphs) {
    SCOPED_TRACE(fmt::format("{} {}", runtime::kFamilies[family].name, name));
    const graph::Model model =
        ModelExporter(runtime::make_model(runtime::kFamilies[family])).model();
    for (const int opset : {11, 17, 21}) {
      const graph::Model back = reread(model, name, opset);
      const graph::Graph& graph = model.graph(name);
      TensorMap inputs;
      std::uint64_t seed = 1;
      for (const graph::Port& port : graph.inputs) {
        if (port.is_optional) continue;
        const graph::Value& value = graph.value(port.value);
        Shape shape;
        for (const graph::Dim& dim : value.shape)
          shape.push_back(dim.eval({{"B", 2}, {"T", 400}, {"U", 1}}));
        if (value.dtype == DType::kI64) {
          inputs.emplace(port.name, Tensor(DType::kI64, shape));
        } else {
          inputs.emplace(port.name, noise(shape, ++seed));
        }
      }
      const TensorMap want = run(model, name, inputs), got = run(back, "block", inputs);
      for (const auto& [port, tensor] : want) {
        const std::string out =
            graph.output(port).feeds.empty() ? port : state_output(graph.output(port).feeds);
        if (tensor.dtype() != DType::kF32) continue;
        ASSERT_TRUE(got.contains(out)) << out;
        EXPECT_EQ(got.at(out).shape(), tensor.shape());
        EXPECT_LE(difference(got.at(out), tensor), 2e-5) << port << " opset " << opset;
      }
    }
  }
}

TEST(OnnxImport, node_kinds_are_those_of_the_model_that_was_exported) {
  const graph::Model model = ModelExporter(runtime::make_model(runtime::kFamilies[2])).model();
  const graph::Model back = reread(model, "encoder", 17);
  std::map<std::string_view, int> want, got;
  for (const graph::Node& node : model.graph("encoder").nodes) ++want[graph::kind_name(node.op)];
  for (const graph::Node& node : back.graph("block").nodes) ++got[graph::kind_name(node.op)];
  for (const char* kind : {"attention", "layer_norm", "linear", "conv", "batch_norm", "pool"})
    EXPECT_EQ(got[kind], want[kind]) << kind;
}

TEST(OnnxImport, a_ctc_model_of_another_program_decodes_and_streams) {
  const test::CausalCase causal{"lstm",
                                "{type: EEGNet, n_channels: 5, sampling_rate: 64, "
                                "n_pointwise_filters: 8}",
                                "{type: LSTM, hidden_dim: 8, num_layers: 1}"};
  const graph::Model model = ModelExporter(test::make_causal_model(causal)).model();
  const std::string bytes = bytes_of(graph_to_onnx(model, model.graph("model"), {}));
  const graph::Model back = read(bytes, {.family = graph::Family::kCtc});
  EXPECT_EQ(back.family, graph::Family::kCtc);
  EXPECT_EQ(back.signal.num_channels, 5);
  EXPECT_TRUE(graph::is_streamable(back));
  const Tensor signal = noise({1, 5, 320});
  const Tensor frames = run(back, "encoder", {{"eeg_data", signal}}).at("encoder_output");
  const Tensor got = run(back, "ctc_head", {{"encoder_output", frames}}).at("log_probs");
  EXPECT_LE(difference(got, run(model, "model", {{"signal", signal}}).at("log_probs")), 1e-5);
}

/// One operator, or two that are not covered.
OnnxModel odd_model() {
  OnnxModel onnx;
  onnx.opsets[""] = 17;
  onnx.graph.inputs = {{"x", DType::kF32, {std::string("batch"), std::int64_t{4}}}};
  onnx.graph.outputs = {{"y", DType::kF32, {std::string("batch"), std::int64_t{4}}}};
  onnx.graph.nodes = {{"Sin", "first/Sin", {"x"}, {"a"}, {}, ""},
                      {"Relu", "Relu", {"a"}, {"b"}, {}, ""},
                      {"Softplus", "", {"x"}, {"c"}, {}, ""},
                      {"Add", "Add", {"b", "c"}, {"y"}, {}, ""}};
  return onnx;
}

TEST(OnnxImport, what_is_not_covered_is_one_error_that_lists_operators_and_where_they_stand) {
  try {
    read(bytes_of(odd_model()));
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
    EXPECT_THAT(error.what(), HasSubstr("2 operators"));
    EXPECT_THAT(error.what(), HasSubstr("Sin 'first/Sin'"));
    EXPECT_THAT(error.what(), HasSubstr("Softplus 'c'"));
  }
}

TEST(OnnxImport, cut_and_changed_bytes_are_errors_of_the_file) {
  const graph::Model model = ModelExporter(runtime::make_model(runtime::kFamilies[0])).model();
  const std::string bytes = bytes_of(graph_to_onnx(model, model.graph("ctc_head"), {}));
  Rng rng(1);
  for (int i = 0; i < 400; ++i) {
    std::string changed = bytes;
    changed[rng.below(bytes.size())] = static_cast<char>(rng.below(256));
    if (i % 2 == 0) changed.resize(rng.below(bytes.size()));
    try {
      read(changed);
    } catch (const Error& error) {
      EXPECT_EQ(exit_code(error.code()), 3) << error.what();
    }
  }
}

TEST(OnnxImport, tensors_are_read_in_every_form_that_protobuf_has) {
  // TensorProto: dims 2, float, name "a", float_data packed {1, 2}
  const std::string tensor(
      "\x08\x02\x10\x01\x22\x08\x00\x00\x80\x3f\x00\x00\x00\x40\x42\x01"
      "a",
      17);
  const auto message = [](char tag, const std::string& inner) {
    return std::string(1, tag) + static_cast<char>(inner.size()) + inner;
  };
  const std::string model = message('\x3a', message('\x2a', tensor));
  const OnnxModel read = read_onnx(std::as_bytes(std::span(model)));
  ASSERT_EQ(read.graph.initializers.size(), 1u);
  EXPECT_EQ(read.graph.initializers[0].name, "a");
  EXPECT_THAT(read.graph.initializers[0].values.data<float>(), testing::ElementsAre(1, 2));
  EXPECT_THROW(read_onnx(std::as_bytes(std::span(model).first(model.size() - 1))), Error);
}

TEST(OnnxInspection, says_ports_operators_weights_and_metadata) {
  const test::TempDir dir;
  ModelExporter(runtime::make_model(runtime::kFamilies[0])).export_onnx(dir / "m.onnx", "model");
  const Json json = inspect_onnx(dir / "m.onnx");
  EXPECT_EQ(json["inputs"][0]["name"], "signal");
  EXPECT_EQ(json["operators"]["LSTM"], 2);
  EXPECT_EQ(json["metadata"]["graph"], "model");
  EXPECT_THAT(onnx_text(json), HasSubstr("log_probs"));
}

}  // namespace
}  // namespace nest::exports
