#include "nest/package/model_packager.h"

#include <fmt/format.h>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/folder.h"
#include "nest/core/hash.h"
#include "nest/core/options.h"
#include "nest/deploy/model_file.h"
#include "nest/export/model_exporter.h"
#include "nest/export/preprocessing.h"
#include "nest/io/npy.h"
#include "nest/package/deployment_config.h"
#include "nest/runtime/prepared.h"
#include "package/documents.h"
#include "package/evidence.h"
#include "package/golden.h"
#include "package/package_files.h"
#include "package/signature.h"
#include "package/triton.h"

namespace nest::package {
namespace {

namespace fs = std::filesystem;

// Of the largest magnitude of an output. Floats differ between instruction sets in their last bits;
// codes may then round to the neighbour.
constexpr double kFloatTolerance = 1e-3;
constexpr double kCodeTolerance = 0.05;

/// Files by name, so that each is hashed once it is written.
class Writing {
 public:
  Writing(const graph::Model& model, const PackageOptions& options, const Job& job, fs::path folder)
      : model_(model), options_(options), job_(job), folder_(std::move(folder)) {}

  Manifest run(const std::string& name) {
    manifest_.name = name;
    manifest_.version = options_.version;
    manifest_.description = options_.description;
    manifest_.licence = options_.licence;
    manifest_.nest_version = NEST_VERSION;
    manifest_.signal = model_.signal;
    manifest_.model = {{"name", model_.name},
                       {"family", name_of(model_.family)},
                       {"parameters", model_.num_parameters()},
                       {"precision", graph::describe(model_.quantization)}};
    write_model();
    write_onnx();
    write_configs();
    write_vocabulary();
    write_golden();
    write_documents();
    prove();
    return std::move(manifest_);
  }

 private:
  fs::path at(const std::string& name) const { return folder_ / name; }
  void add(const std::string& name) {
    job_.check_stop("package the model again");
    manifest_.files[name] = {sha256_hex_of_file(at(name)), fs::file_size(at(name))};
  }
  void add_text(const std::string& name, std::string_view text) {
    write_text_file(at(name), text);
    add(name);
  }
  void add_array(const std::string& name, const Tensor& array) {
    io::write_npy(at(name), array);
    add(name);
  }

  void write_model() {
    fs::create_directories(at("models"));
    deploy::save_model(model_, at("models/model.safetensors"));
    add("models/model.safetensors");
    prepared_ = runtime::prepare(model_);
    prepared_->save(at("models/model.prepared"));
    add("models/model.prepared");
  }

  /// What deploy.py runs, and the steps that keep state for servers of other makes.
  void write_onnx() {
    const exports::ModelExporter exporter(model_);
    std::vector<std::string> graphs = exporter.graphs();
    if (model_.family == graph::Family::kCtc)
      std::erase_if(graphs, [](const std::string& g) { return !g.starts_with("model"); });
    Json files = Json::object(), steps = Json::object();
    for (const std::string& graph : graphs) {
      const std::string file = fmt::format("models/{}.onnx", graph);
      exporter.export_onnx(at(file), graph, {.opset = options_.opset});
      add(file);
      (graph == "model_step" || graph == "encoder_step" ? steps : files)[graph] = file;
    }
    exports::export_preprocessing(at("models/preprocessing.onnx"), model_.signal, options_.opset);
    add("models/preprocessing.onnx");
    manifest_.onnx = {{"opset", options_.opset},
                      {"precision", "fp32"},
                      {"preprocessing", "models/preprocessing.onnx"},
                      {"graphs", std::move(files)},
                      {"steps", std::move(steps)}};
  }

  void write_configs() {
    add_text("configs/model.yaml", yaml_text(Json{{model_.name, model_.config}}));
    DeploymentConfig config;
    config.set("model.checkpoint", "models/model.prepared");
    config.set("preprocessing.sample_rate", model_.signal.rate_hz);
    config.set("preprocessing.bandpass", model_.signal.bandpass_hz);
    config.set("preprocessing.notch_freq", model_.signal.notch_hz);
    config.save(at("configs/deployment.yaml"));
    add("configs/deployment.yaml");
  }

  void write_vocabulary() {
    const graph::Vocabulary& v = model_.vocabulary;
    const recognize::Bundle bundle = native_bundle();
    Json labels{{"kind", "none"},         {"tokens", Json::array()}, {"skip", Json::array()},
                {"blank_id", v.blank_id}, {"sos_id", v.sos_id},      {"eos_id", v.eos_id}};
    if (bundle.tokenizer != nullptr) {
      const text::Tokenizer& tokenizer = *bundle.tokenizer;
      labels["kind"] = tokenizer.kind();
      labels["tokens"] = tokenizer.tokens();
      for (int id = 0; id < tokenizer.size(); ++id)
        if (tokenizer.is_special(id) && id != tokenizer.special().unk) labels["skip"].push_back(id);
      add_text("vocab/tokenizer.json", v.tokenizer.dump(2) + "\n");
    }
    add_text("vocab/labels.json", labels.dump(2) + "\n");
  }

  recognize::Bundle native_bundle() const {
    return recognize::make_bundle(recognize::make_runnable(prepared_));
  }
  /// With the float weights that the exported graphs have.
  recognize::Bundle float_bundle() const {
    graph::Model model = model_;
    model.quantization = {};
    return recognize::make_bundle(recognize::make_runnable(runtime::prepare(std::move(model))));
  }

  void write_golden() {
    const bool is_float = model_.quantization == graph::Quantization{};
    const recognize::Bundle bundle = native_bundle();
    GoldenRunner native(bundle);
    GoldenRunner onnx(is_float ? bundle : float_bundle());
    const std::vector<Tensor> inputs = golden_inputs(model_, options_);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const std::string stem = fmt::format("golden/{}_", i);
      const GoldenResult ours = native.run(inputs[i]), others = onnx.run(inputs[i]);
      manifest_.golden.push_back({stem + "input.npy", stem + "output.npy", ours.text,
                                  stem + "onnx_output.npy", others.text});
      add_array(stem + "input.npy", inputs[i]);
      add_array(stem + "output.npy", ours.output);
      add_array(stem + "onnx_output.npy", others.output);
    }
    manifest_.tolerance = is_float ? kFloatTolerance : kCodeTolerance;
    manifest_.onnx_tolerance = kFloatTolerance;
    manifest_.input_statistics = input_statistics(model_.signal, inputs);
    manifest_.metrics = metrics_of(bundle, options_, job_);
    manifest_.streamed = streamed_of(options_, job_);
    manifest_.audit = audit_of(options_);
  }

  void write_documents() {
    add_text("deploy.py", kDeployScript);
    add_text("requirements.txt", requirements_text());
    if (options_.include_docs) add_text("README.md", readme_text(manifest_));
  }

  void prove() {
    const fs::path key = options_.sign;
    // The key itself is part of what is signed.
    if (!key.empty()) manifest_.public_key = sign({}, key).public_key;
    const std::string text = to_json(manifest_).dump(2) + "\n";
    const auto bytes = std::as_bytes(std::span(text));
    write_text_file(at(kManifestFile), text);
    write_text_file(at(kManifestHashFile), manifest_hash_line(bytes));
    if (!key.empty()) write_text_file(at(kSignatureFile), sign(bytes, key).signature + "\n");
  }

  const graph::Model& model_;
  const PackageOptions& options_;
  const Job& job_;
  fs::path folder_;
  Manifest manifest_;
  std::shared_ptr<const runtime::PreparedModel> prepared_;
};

graph::Model load(const fs::path& model, const fs::path& config, const fs::path& vocabulary) {
  recognize::LoadOptions options;
  options.file.config = config.string();
  options.tokenizer = vocabulary.string();
  return recognize::load_weights(model, options);
}

std::string name_of_folder(fs::path folder) {
  folder = fs::absolute(folder).lexically_normal();
  return (folder.has_filename() ? folder : folder.parent_path()).filename().string();
}

}  // namespace

void visit_fields(FieldVisitor& visitor, PackageOptions& o) {
  visitor.field("name", o.name, "what clients call the model; default: the folder's name");
  visitor.field("version", o.version, "of this model");
  visitor.field("description", o.description, "one line about it");
  visitor.field("licence", o.licence, "under which it may be used");
  visitor.group("Evidence");
  visitor.field("data", o.data, "dataset of golden vectors and error rates; default: noise");
  visitor.field("split", o.split, "of the dataset");
  visitor.field("utterances", o.utterances, "most that error rates are measured on", above(0));
  visitor.field("golden", o.golden, "golden vectors", between(1, 100));
  visitor.field("golden_s", o.golden_s, "most seconds of one", above(0));
  visitor.field("results", o.results, "results of nest benchmark");
  visitor.field("streamed", o.streamed, "streamed results of nest benchmark");
  visitor.field("audit", o.audit, "verdict of nest audit");
  visitor.group("Files");
  visitor.field("sign", o.sign, "Ed25519 private key (PEM)");
  visitor.field("archive", o.archive, "pack everything into this file too");
  visitor.field("triton", o.triton, "also write the graphs into this model repository of Triton");
  visitor.field("include_docs", o.include_docs, "write README.md", {}, {.flag = "docs"});
  visitor.field("opset", o.opset, "ONNX operator set",
                between(exports::kLeastOpset, exports::kMostOpset));
}

ModelPackager::ModelPackager(const fs::path& model_path, const fs::path& config_path,
                             const fs::path& vocab_path)
    : ModelPackager(load(model_path, config_path, vocab_path)) {}

ModelPackager::ModelPackager(graph::Model model) : model_(std::move(model)) {
  require(model_.graphs.contains("encoder"), ErrorCode::kInvalidArgument,
          "model {} ({}) decodes no signal", model_.name, name_of(model_.family));
  require(
      model_.signal.rate_hz > 0 && model_.signal.num_channels > 0, ErrorCode::kInvalidArgument,
      "model {} carries no signal contract, so nobody could serve it; give it one: nest convert "
      "with `contract`",
      model_.name);
}

Manifest ModelPackager::create_package(const fs::path& output_dir, const PackageOptions& options,
                                       const Job& job) const {
  nest::validate(options);
  require_replaceable(output_dir, kManifestFile, "package");
  const std::string name = options.name.empty() ? name_of_folder(output_dir) : options.name;
  Manifest manifest;
  write_folder_atomic(output_dir, [&](const fs::path& folder) {
    manifest = Writing(model_, options, job, folder).run(name);
  });
  if (!options.archive.empty()) write_archive(output_dir, options.archive);
  if (!options.triton.empty()) write_triton_models(model_, options.triton, name, options.opset);
  return manifest;
}

}  // namespace nest::package
