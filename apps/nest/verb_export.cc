#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "nest/core/error.h"
#include "nest/core/flags.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "nest/deploy/model_file.h"
#include "nest/export/model_exporter.h"
#include "terminal.h"

namespace nest {
namespace {

struct ExportOptions {
  std::string model;
  std::string out;
  std::string format = "onnx";
  StringMap<std::string> metadata;
  std::string graph;
  exports::OnnxOptions onnx;
  deploy::LoadOptions load;
  bool json = false;
};

/// OUT.onnx and "encoder" -> OUT.encoder.onnx
std::filesystem::path file_of(const std::filesystem::path& out, const std::string& graph) {
  std::filesystem::path file = out;
  file.replace_extension("." + graph + out.extension().string());
  return file;
}

/// What runs alone of a model.
std::string default_graph(const graph::Model& model) {
  if (model.family == graph::Family::kCtc) return "model";
  return model.graphs.size() == 1 ? model.graphs.begin()->first : "all";
}

std::string text_of(const exports::ExportedPort& port) {
  return fmt::format("{} {} [{}]", port.name, name_of(port.dtype), fmt::join(port.shape, ", "));
}

std::string text_of(const exports::ExportedGraph& exported) {
  std::string text = fmt::format("{}: graph '{}', {} nodes, opset {}, IR {}, {} bytes\n",
                                 exported.path.string(), exported.graph, exported.nodes,
                                 exported.opset, exported.ir_version, exported.file_bytes);
  for (const exports::ExportedPort& port : exported.inputs)
    text += fmt::format("  in   {}\n", text_of(port));
  for (const exports::ExportedPort& port : exported.outputs)
    text += fmt::format("  out  {}\n", text_of(port));
  return text;
}

int export_onnx(const ExportOptions& options) {
  graph::Model model = deploy::load_model(options.model, options.load);
  const std::string graph = options.graph.empty() ? default_graph(model) : options.graph;
  const exports::ModelExporter exporter(std::move(model));
  std::vector<std::pair<std::string, std::filesystem::path>> files{{graph, options.out}};
  if (graph == "all") {
    files.clear();
    for (const std::string& name : exporter.graphs())
      files.emplace_back(name, file_of(options.out, name));
  }
  Json report = Json::array();
  std::string text;
  for (const auto& [name, file] : files) {
    const exports::ExportedGraph exported = exporter.export_onnx(file, name, options.onnx);
    report.push_back(exports::to_json(exported));
    text += text_of(exported);
  }
  return print_report(options.json, {{"format", "onnx"}, {"files", report}}, text);
}

int export_state_dict(const ExportOptions& options) {
  const exports::ModelExporter exporter(deploy::load_model(options.model, options.load));
  exporter.export_state_dict(options.out, options.metadata);
  const std::size_t tensors = exporter.model().weights.size();
  const Json file = {{"file", options.out}, {"tensors", tensors}, {"metadata", options.metadata}};
  return print_report(options.json, {{"format", "state_dict"}, {"files", Json::array({file})}},
                      fmt::format("{}: {} tensors\n", options.out, tensors));
}

int export_model(const ExportOptions& options) {
  return options.format == "onnx" ? export_onnx(options) : export_state_dict(options);
}

}  // namespace

void add_export(CommandLine& line) {
  line.add_verb(
      "export", "A model for other runtimes: its graphs as ONNX, or its weights for PyTorch",
      [](Flags& flags) -> CommandLine::Run {
        auto options = std::make_shared<ExportOptions>();
        flags.add("model,checkpoint", options->model, ".pt or .safetensors").required();
        flags.add("output", options->out, "file to write").required();
        flags.add("format", options->format, "what to write").choices({"onnx", "state_dict"});
        flags.add("metadata", options->metadata,
                  "NAME=VALUE that a state_dict carries; repeat for more");
        flags.add("graph", options->graph,
                  "one graph, or all in files of their own; default: the whole model if "
                  "it is one graph, else all");
        flags.add("json", options->json, "print JSON");
        flags.group("ONNX");
        register_flags(flags, options->onnx);
        flags.group("Model");
        register_flags(flags, options->load);
        return [options] { return export_model(*options); };
      });
}

}  // namespace nest
