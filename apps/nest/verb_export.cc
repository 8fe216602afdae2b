#include "nest/deploy/model_file.h"
#include "nest/export/model_exporter.h"
#include "verb.h"

namespace nest {
namespace {

struct ExportOptions : VerbArguments {
  std::string model;
  std::string out;
  std::string format = "onnx";
  StringMap<std::string> metadata;
  std::string graph;
  exports::OnnxOptions onnx;
  deploy::LoadOptions load;
};

int export_onnx(const ExportOptions& options) {
  const exports::ModelExporter exporter(deploy::load_model(options.model, options.load));
  const auto files = exports::export_onnx_files(exporter, options.out, options.graph, options.onnx);
  Json report = Json::array();
  for (const exports::ExportedGraph& exported : files) report.push_back(exports::to_json(exported));
  return print_report(options.json, {{"format", "onnx"}, {"files", report}},
                      exports::exported_text(files));
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
  add_verb<ExportOptions>(
      line, "export", "A model for other runtimes: its graphs as ONNX, or its weights for PyTorch",
      [](Flags& flags, ExportOptions& options) {
        flags.add("model,checkpoint", options.model, ".pt or .safetensors").required();
        flags.add("output", options.out, "file to write").required();
        flags.add("format", options.format, "what to write").choices({"onnx", "state_dict"});
        flags.add("metadata", options.metadata,
                  "NAME=VALUE that a state_dict carries; repeat for more");
        flags.add("graph", options.graph,
                  "one graph, or all in files of their own; default: the whole model if "
                  "it is one graph, else all");
        flags.group("ONNX");
        register_flags(flags, options.onnx);
        flags.group("Model");
        register_flags(flags, options.load);
      },
      export_model);
}

}  // namespace nest
