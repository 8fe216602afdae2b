// deployment MODEL DATA FOLDER: the specification's "Deployment Utilities".
#include <cstdio>
#include <filesystem>

#include <nest/core/error.h>
#include <nest/core/file.h>
#include <nest/core/json.h>
#include <nest/deploy/model_file.h>
#include <nest/export/model_exporter.h>
#include <nest/package/deployment_config.h>
#include <nest/package/model_packager.h>
#include <nest/package/package.h>
#include <nest/recognize/bundle.h>

#include "promise.h"

using namespace nest;
namespace fs = std::filesystem;

namespace {

void model_export(const graph::Model& model, const fs::path& folder) {
  const exports::ModelExporter exporter(model);
  // Export to ONNX
  const exports::ExportedGraph onnx =
      exporter.export_onnx(folder / "nest_v1.onnx", "model", {.opset = 11});
  promise(onnx.opset == 11 && onnx.outputs[0].name == "log_probs",
          "ONNX of the whole model, also in the operator set of the specification");
  // Export state dict with metadata
  exporter.export_state_dict(folder / "nest_v1_checkpoint.pt",
                             {{"model_type", "NEST-CTC"}, {"training_wer", "0.15"}});
  promise(deploy::load_model(folder / "nest_v1_checkpoint.pt").num_parameters() ==
              model.num_parameters(),
          "a state dict that loads");
}

void create_package(const char* model_path, const char* data, const fs::path& output_dir) {
  const package::ModelPackager packager(model_path);
  packager.create_package(output_dir,
                          {.data = data, .utterances = 4, .golden = 1, .include_docs = true});
  for (const char* file : {"models/model.safetensors", "configs/model.yaml", "vocab/tokenizer.json",
                           "manifest.json", "requirements.txt", "deploy.py", "README.md"})
    promise(fs::exists(output_dir / file), file);

  const package::Package loaded = package::Package::load(output_dir);
  promise(!loaded.manifest().golden[0].text.empty() && package::verify_package(output_dir).passed(),
          "a package that is loaded says what it said when it was packed");
  write_text_file(output_dir / "vocab/tokenizer.json", "{}");
  promise(!package::verify_package(output_dir).passed(), "a package that was changed is refused");
}

void deployment_config(const fs::path& folder) {
  // Default config
  package::DeploymentConfig config;
  config.set("server.workers", 2);
  // Save
  config.save(folder / "config.yaml");
  // Load
  package::DeploymentConfig again;
  again.load(folder / "config.yaml");
  // Get values
  const Json model_type = again.get("model.type"), server_port = again.get("server.port");
  promise(model_type == "nest" && server_port == 8000 && again.get("server.workers") == 2,
          "defaults, save, load and dotted keys");
  promise(again.get("inference.beam_size") == 5 && again.get("preprocessing.notch_freq") == 50,
          "the keys of the specification's config.yaml");
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 4) return std::fprintf(stderr, "usage: deployment MODEL DATA FOLDER\n"), 2;
  const fs::path folder = argv[3];
  fs::remove_all(folder / "nest_v1");
  fs::create_directories(folder);
  model_export(recognize::load_weights(argv[1]), folder);
  create_package(argv[1], argv[2], folder / "nest_v1");
  deployment_config(folder);
} catch (const Error& error) {
  std::fprintf(stderr, "deployment: %s\n", error.what());
  return exit_code(error.code());
}
