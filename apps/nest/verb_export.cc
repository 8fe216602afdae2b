#include "nest/deploy/model_file.h"
#include "nest/export/export_files.h"
#include "verb.h"

namespace nest {
namespace {

struct ExportArguments : VerbArguments {
  std::string model;
  std::string out;
  exports::ExportOptions options;
  deploy::LoadOptions load;
};

int export_model(const ExportArguments& a) {
  const exports::ModelExporter exporter(deploy::load_model(a.model, a.load));
  const exports::Exported exported = exports::export_model(exporter, a.out, a.options);
  return print_report(a.json, to_json(exported), exported_text(exported));
}

}  // namespace

void add_export(CommandLine& line) {
  add_verb<ExportArguments>(
      line, "export",
      "A model for other runtimes: its graphs as ONNX or TorchScript, or its weights",
      [](Flags& flags, ExportArguments& a) {
        flags.add("model,checkpoint", a.model, ".pt or .safetensors").required();
        flags.add("output", a.out, "file to write").required();
        register_flags(flags, a.options);
        flags.group("Model");
        register_flags(flags, a.load);
      },
      export_model);
}

}  // namespace nest
