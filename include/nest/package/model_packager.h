#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "nest/core/job.h"
#include "nest/core/options_fwd.h"
#include "nest/graph/model.h"
#include "nest/package/manifest.h"

namespace nest::package {

/// What goes into a package beside the model.
struct PackageOptions {
  std::string name = {};  ///< what clients call the model; empty: that of the folder
  std::string version = "1";
  std::string description = {};
  std::string licence = "not stated";
  /// Dataset: its utterances become golden vectors, and error rates are measured on it unless
  /// `results` has them. Empty: golden inputs are noise.
  std::string data = {};
  std::string split = "test";
  int utterances = 200;       ///< most that error rates are measured on, evenly spaced
  int golden = 3;             ///< golden vectors
  double golden_s = 10;       ///< most seconds of one
  std::string results = {};   ///< file of nest benchmark
  std::string streamed = {};  ///< file of nest benchmark with `streamed`
  std::string audit = {};     ///< file of nest audit
  std::string sign = {};      ///< Ed25519 private key (PEM)
  std::string archive = {};   ///< also packs everything into this file
  std::string triton = {};    ///< also writes the graphs into this model repository of Triton
  bool include_docs = true;   ///< README.md
  int opset = 17;             ///< of the ONNX files
};
void visit_fields(FieldVisitor& visitor, PackageOptions& options);

/// Makes deployment packages: a folder that proves itself when it is loaded (package/package.h).
///
///   models/    model.safetensors, model.prepared (native), *.onnx (float32), preprocessing.onnx
///   configs/   model.yaml, deployment.yaml        vocab/  tokenizer.json, labels.json
///   golden/    inputs and outputs                 manifest.json, manifest.sha256, manifest.sig
///   deploy.py  decodes with onnxruntime alone     requirements.txt, README.md
///
/// The same model and options give the same bytes. State: immutable.
class ModelPackager {
 public:
  /// `config_path` and `vocab_path` for what the model file does not carry. Errors: those of
  /// recognize::load_weights; InvalidArgument for a model that decodes no signal, or carries no
  /// signal contract.
  explicit ModelPackager(const std::filesystem::path& model_path,
                         const std::filesystem::path& config_path = {},
                         const std::filesystem::path& vocab_path = {});
  explicit ModelPackager(graph::Model model);

  /// Writes the folder, atomic: an older package there is replaced as a whole.
  /// Errors: InvalidArgument if the folder holds something else; those of the files that options
  /// name; Io; Interrupted.
  Manifest create_package(const std::filesystem::path& output_dir,
                          const PackageOptions& options = {}, const Job& job = {}) const;

  const graph::Model& model() const { return model_; }

 private:
  graph::Model model_;
};

}  // namespace nest::package
