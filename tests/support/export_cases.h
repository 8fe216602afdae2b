#pragma once

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/wait.h>

#include "nest/core/json.h"
#include "nest/core/rng.h"
#include "nest/export/model_exporter.h"
#include "nest/graph/streaming.h"
#include "nest/io/npy.h"
#include "nest/runtime/executor.h"
#include "nest/runtime/prepared.h"
#include "tests/support/paths.h"
#include "tests/support/temp_dir.h"

/// Exported graphs beside what the native runtime computes, checked by a script in one process.
namespace nest::exports {

struct ExportCase {
  std::string name = {};
  std::string graph = {};
  OnnxOptions options = {};                   ///< ONNX alone
  std::vector<graph::Bindings> lengths = {};  ///< a run each
  int steps = 0;  ///< of the first lengths, states carried on; three of the others
  double tolerance = 1e-5;
  double relative = 0;  ///< more tolerance, of an output's largest magnitude
  graph::Precision native = graph::Precision::kFp32;  ///< of the runtime it is compared with
  std::string in_every_scan = {};  ///< an operator that each optimised Scan must have
};

class ExportCases {
 public:
  using Write = std::function<void(const ModelExporter& exporter, const ExportCase& item,
                                   const std::filesystem::path& folder)>;
  /// `script` below tests/ is run by the Python that `variable` names, else by python3.
  ExportCases(std::string script, const char* variable, Write write)
      : script_(std::move(script)), variable_(variable), write_(std::move(write)) {}

  /// False where that Python lacks what the script needs.
  bool is_available() const { return run("").first == 0; }

  void add(const graph::Model& model, const ExportCase& item) {
    const ModelExporter exporter(model);
    const std::filesystem::path folder = dir_ / item.name;
    std::filesystem::create_directories(folder);
    write_(exporter, item, folder);
    graph::Model native = exporter.model();
    native.quantization.precision = item.native;
    runtime::NativeExecutor executor(runtime::prepare(std::move(native)));
    const graph::Graph& graph = exporter.model().graph(item.graph);
    std::vector<std::string> runs;
    std::uint64_t seed = 7;
    for (const graph::Bindings& lengths : item.lengths) {
      TensorMap inputs = random_inputs(graph, lengths, item.options, ++seed);
      const int most = runs.empty() ? item.steps : std::min(item.steps, 3);
      for (int step = 0; step < std::max(1, most); ++step) {
        if (step > 0) renew(graph, lengths, item.options, ++seed, inputs);
        runs.push_back(std::to_string(runs.size()) + (step > 0 ? "+state" : ""));
        const TensorMap outputs = executor.run(item.graph, inputs);
        write(folder / runs.back(), graph, inputs, outputs, step > 0);
        for (const graph::Port& port : graph.outputs)
          if (!port.feeds.empty()) inputs[port.feeds] = outputs.at(port.name);
      }
    }
    Json description{{"tolerance", item.tolerance}, {"relative", item.relative}, {"runs", runs}};
    if (!item.in_every_scan.empty()) description["in_every_scan"] = item.in_every_scan;
    std::ofstream(folder / "case.json") << description.dump();
  }

  /// A file that `write` makes, and one run of it.
  void add_file(const std::string& name, double tolerance, const TensorMap& inputs,
                const TensorMap& outputs,
                const std::function<void(const std::filesystem::path&)>& write) {
    const std::filesystem::path folder = dir_ / name;
    std::filesystem::create_directories(folder / "0");
    write(folder / "model.onnx");
    for (const auto& [port, tensor] : inputs)
      io::write_npy(folder / "0" / ("in_" + port + ".npy"), tensor);
    for (const auto& [port, tensor] : outputs)
      io::write_npy(folder / "0" / ("out_" + port + ".npy"), tensor);
    const Json description{{"tolerance", tolerance}, {"relative", 0}, {"runs", Json::array({"0"})}};
    std::ofstream(folder / "case.json") << description.dump();
  }

  /// Expects the script to agree in every run.
  void check() const {
    const auto [code, text] = run(dir_.path().string());
    EXPECT_EQ(code, 0) << text;
  }

 private:
  std::pair<int, std::string> run(const std::string& argument) const {
    const char* given = std::getenv(variable_);
    const std::string command = std::string(given == nullptr ? "python3" : given) + " " +
                                (test::tests_dir() / script_).string() + " " + argument + " 2>&1";
    std::string text;
    std::FILE* pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) return {-1, "cannot start " + command};
    for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) text.push_back(char(c));
    const int status = ::pclose(pipe);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text};
  }

  static bool is_state(const graph::Graph& graph, const std::string& input) {
    for (const graph::Port& port : graph.outputs)
      if (port.feeds == input) return true;
    return false;
  }
  static bool is_given(const graph::Graph& graph, const graph::Port& port,
                       const OnnxOptions& options) {
    const auto& keep = options.keep;
    return !port.is_optional || is_state(graph, port.name) ||
           std::find(keep.begin(), keep.end(), port.name) != keep.end();
  }

  /// States are zeros, tokens small, half of every mask true and its first row false.
  static Tensor random_input(const graph::Value& value, const graph::Bindings& lengths, Rng& rng) {
    Shape shape;
    for (const graph::Dim& dim : value.shape) shape.push_back(dim.eval(lengths));
    Tensor tensor(value.dtype, shape);
    if (value.dtype == DType::kF32)
      for (float& x : tensor.mutable_data<float>()) x = static_cast<float>(rng.normal());
    if (value.dtype == DType::kI64)
      for (std::int64_t& x : tensor.mutable_data<std::int64_t>())
        x = static_cast<std::int64_t>(rng.below(7));
    if (value.dtype == DType::kBool) {
      const auto mask = tensor.mutable_data<bool>();
      for (std::size_t i = 0; i < mask.size(); ++i)
        mask[i] = i >= static_cast<std::size_t>(shape.back()) && rng.below(2) == 1;
    }
    return tensor;
  }
  static TensorMap random_inputs(const graph::Graph& graph, const graph::Bindings& lengths,
                                 const OnnxOptions& options, std::uint64_t seed) {
    Rng rng(seed);
    TensorMap inputs;
    for (const graph::Port& port : graph.inputs) {
      if (!is_given(graph, port, options)) continue;
      Tensor tensor = random_input(graph.value(port.value), lengths, rng);
      if (is_state(graph, port.name)) tensor = Tensor(tensor.dtype(), tensor.shape());
      inputs.emplace(port.name, std::move(tensor));
    }
    return inputs;
  }
  /// New inputs of the next step; states stay.
  static void renew(const graph::Graph& graph, const graph::Bindings& lengths,
                    const OnnxOptions& options, std::uint64_t seed, TensorMap& inputs) {
    for (auto& [name, tensor] : random_inputs(graph, lengths, options, seed))
      if (!is_state(graph, name)) inputs[name] = tensor;
  }

  static void write(const std::filesystem::path& folder, const graph::Graph& graph,
                    const TensorMap& inputs, const TensorMap& outputs, bool is_next_step) {
    std::filesystem::create_directories(folder);
    const auto save = [&](const std::string& name, const Tensor& tensor) {
      std::ofstream out(folder / (name + ".npy"), std::ios::binary);
      io::write_npy(out, tensor);
    };
    for (const auto& [name, tensor] : inputs)
      if (!is_next_step || !is_state(graph, name)) save("in_" + name, tensor);
    for (const graph::Port& port : graph.outputs)
      save("out_" + (port.feeds.empty() ? port.name : port.feeds + "_out"), outputs.at(port.name));
  }

  std::string script_;
  const char* variable_;
  Write write_;
  test::TempDir dir_;
};

/// Batches and lengths for every symbol that graphs have.
inline const std::vector<graph::Bindings> kGraphLengths{{{"B", 1}, {"T", 400}, {"U", 3}, {"N", 4}},
                                                        {{"B", 3}, {"T", 517}, {"U", 1}, {"N", 2}},
                                                        {{"B", 2}, {"T", 300}, {"U", 5}, {"N", 1}}};

/// Adds every graph of a model; stateful ones over 50 steps.
inline void add_graphs(ExportCases& cases, const std::string& name, const graph::Model& model,
                       const OnnxOptions& options = {}, const ExportCase& bounds = {}) {
  const ModelExporter exporter(model);
  std::vector<graph::Bindings> lengths = kGraphLengths;
  if (graph::is_streamable(model)) {
    const auto multiple = graph::make_streaming_step(model.graph("encoder")).frame_multiple;
    for (graph::Bindings& item : lengths) item["N"] *= multiple;
  }
  for (const std::string& graph : exporter.graphs()) {
    const bool is_stateful = exporter.model().graph(graph).is_stateful();
    cases.add(model, {.name = name + "." + graph,
                      .graph = graph,
                      .options = options,
                      .lengths = lengths,
                      .steps = is_stateful ? 50 : 0,
                      .tolerance = bounds.tolerance,
                      .relative = bounds.relative,
                      .native = bounds.native});
  }
}

}  // namespace nest::exports
