#include "package/triton.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/folder.h"
#include "nest/export/model_exporter.h"
#include "nest/export/preprocessing.h"
#include "package/package_files.h"

namespace nest::package {
namespace {

namespace fs = std::filesystem;
using exports::ExportedGraph;
using exports::ExportedPort;

constexpr const char* kConfigFile = "config.pbtxt";
constexpr const char* kBatch = "batch";
constexpr int kMostBatch = 8;
constexpr int kIdle_s = 60;  // until the server forgets a sequence whose client is gone

const char* type_of(DType dtype) {
  switch (dtype) {
    case DType::kI64:
      return "TYPE_INT64";
    case DType::kF64:
      return "TYPE_FP64";
    default:
      return "TYPE_FP32";
  }
}

bool is_number(const std::string& length) {
  return length.find_first_not_of("0123456789") == std::string::npos;
}

/// "[ 6, -1 ]" of the lengths from `first` on; a stream is a batch of one.
std::string dims_of(const ExportedPort& port, std::size_t first, bool is_stream) {
  std::vector<std::string> dims;
  for (std::size_t i = first; i < port.shape.size(); ++i) {
    const std::string& length = port.shape[i];
    dims.push_back(is_number(length) ? length : is_stream && length == kBatch ? "1" : "-1");
  }
  return fmt::format("[ {} ]", fmt::join(dims, ", "));
}

class Config {
 public:
  Config(const std::string& name, const ExportedGraph& graph)
      : graph_(graph), is_stream_(!graph.states.empty()) {
    const auto leads = [](const ExportedPort& port) {
      return !port.shape.empty() && port.shape.front() == kBatch;
    };
    is_batched_ = !is_stream_ && std::all_of(graph.inputs.begin(), graph.inputs.end(), leads) &&
                  std::all_of(graph.outputs.begin(), graph.outputs.end(), leads);
    text_ = fmt::format("name: \"{}\"\nbackend: \"onnxruntime\"\nmax_batch_size: {}\n", name,
                        is_batched_ ? kMostBatch : 0);
    ports("input", graph.inputs);
    ports("output", graph.outputs);
    if (is_batched_) text_ += "dynamic_batching { }\n";
    if (is_stream_) sequences();
    text_ += "instance_group [ { kind: KIND_CPU } ]\n";
  }
  const std::string& text() const { return text_; }

 private:
  bool is_state(const std::string& name) const {
    return std::any_of(graph_.states.begin(), graph_.states.end(), [&](const std::string& state) {
      return name == state || name == state + "_out";
    });
  }

  void ports(const char* kind, const std::vector<ExportedPort>& all) {
    for (const ExportedPort& port : all)
      if (!is_state(port.name))
        text_ += fmt::format("{} [ {{ name: \"{}\" data_type: {} dims: {} }} ]\n", kind, port.name,
                             type_of(port.dtype), dims_of(port, is_batched_ ? 1 : 0, is_stream_));
  }

  void sequences() {
    text_ +=
        fmt::format("sequence_batching {{\n  max_sequence_idle_microseconds: {}000000\n", kIdle_s);
    text_ += "  direct { }\n";
    for (const ExportedPort& port : graph_.inputs) {
      if (!is_state(port.name)) continue;
      const std::string dims = dims_of(port, 0, true);
      text_ += fmt::format(
          "  state [ {{\n    input_name: \"{0}\" output_name: \"{0}_out\" data_type: {1} dims: "
          "{2}\n"
          "    initial_state {{ name: \"{0}_start\" data_type: {1} dims: {2} zero_data: true }}\n"
          "  }} ]\n",
          port.name, type_of(port.dtype), dims);
    }
    text_ += "}\n";
  }

  const ExportedGraph& graph_;
  bool is_stream_;
  bool is_batched_ = false;
  std::string text_;
};

}  // namespace

std::vector<std::string> write_triton_models(const graph::Model& model, const fs::path& repository,
                                             const std::string& name, int opset) {
  const exports::ModelExporter exporter(model);
  std::vector<std::string> graphs = exporter.graphs(), names;
  const bool is_whole = std::find(graphs.begin(), graphs.end(), "model") != graphs.end();
  if (is_whole) std::erase_if(graphs, [](const auto& g) { return !g.starts_with("model"); });
  graphs.emplace_back("preprocessing");
  for (const std::string& graph : graphs) {
    const std::string part = is_whole && graph.starts_with("model") ? graph.substr(5) : "_" + graph;
    names.push_back(name + part);
    require_replaceable(repository / names.back(), kConfigFile, "model of Triton");
    write_folder_atomic(repository / names.back(), [&](const fs::path& folder) {
      fs::create_directories(folder / "1");
      const fs::path file = folder / "1/model.onnx";
      const ExportedGraph written = graph == "preprocessing"
                                        ? exports::export_preprocessing(file, model.signal, opset)
                                        : exporter.export_onnx(file, graph, {.opset = opset});
      write_text_file(folder / kConfigFile, Config(names.back(), written).text());
    });
  }
  return names;
}

}  // namespace nest::package
