#pragma once

#include <filesystem>
#include <string>

#include "nest/core/config.h"
#include "nest/core/options_fwd.h"
#include "nest/graph/model.h"
#include "nest/io/checkpoint.h"

namespace nest::deploy {

/// What to add when a weights file does not say how its model is built.
struct LoadOptions {
  /// YAML or JSON file; empty: the one in the model file, else FILE.yaml or FILE.json beside it.
  std::string config;
  std::string model_key;  ///< which key of the config file, or the model's name; empty: inferred
};
void visit_fields(FieldVisitor& visitor, LoadOptions& options);
void validate(const LoadOptions& options);

/// A weights file. Errors: those of io::read_checkpoint; InvalidArgument for a prepared model,
/// whose weights are floats no more.
io::Checkpoint read_weights(const std::filesystem::path& path);
/// The state dict under the names that a model gives its weights: without what PyTorch's
/// data-parallel ("module.") and compiled modules ("_orig_mod.") add.
/// Errors: DataCorrupt if two tensors then have one name.
TensorMap plain_weights(const io::Checkpoint& checkpoint);

/// Loads a model with its weights from .pt or .safetensors.
///
/// The graphs come from, in this order: `options.config`; what save_model() stored; the file's
/// model_config; a config file of the same name beside it.
/// Errors: NotFound, Io; DataCorrupt, with one message that lists every missing, extra and
/// misshapen tensor; InvalidArgument if no config is found or model_key is needed; those of
/// read_weights() and plain_weights().
graph::Model load_model(const std::filesystem::path& path, const LoadOptions& options = {});
/// The same from a checkpoint in memory; `origin` names it in errors.
graph::Model model_from_checkpoint(const io::Checkpoint& checkpoint, const std::string& origin,
                                   const LoadOptions& options = {});

/// A signal contract of a YAML or JSON file, of a dataset.json (its `signal`) or of the dataset's
/// folder. Errors: NotFound; DataCorrupt that names file, line and key.
graph::SignalContract load_contract(const std::filesystem::path& path);

/// A model file, and what replaces or adds to what it says.
struct DescribeOptions {
  LoadOptions load;
  std::string tokenizer;  ///< file; empty: the one in the model
  std::string contract;   ///< file or dataset folder; empty: the model's

  bool is_empty() const;  ///< the file says all
};
void visit_fields(FieldVisitor& visitor, DescribeOptions& options);

/// Errors: those of load_model, load_contract and text::load_tokenizer; DataCorrupt for a contract
/// of another number of channels, and for a tokenizer with more tokens than the model.
graph::Model describe_model(const std::filesystem::path& path, const DescribeOptions& options);

/// "NEST_RNN_T" and the like from the parts of a model_config that names none: a joint network
/// makes a transducer, a decoder with an embedding an attention model, and the rest is CTC. Errors:
/// DataCorrupt if the config has no decoder.
std::string infer_model_name(const Config& model_config);

/// A model as a checkpoint: weights, constructor arguments, quantization, signal contract and
/// vocabulary; one without a quantization is fp32. Graphs that the constructor arguments alone
/// would not build (folded, pruned) are stored in full.
io::Checkpoint to_checkpoint(const graph::Model& model);
/// Writes .pt or .safetensors; atomic. A quantized model's .safetensors holds the codes of its
/// layers, which every executor reads as the floats that they stand for (graph/code_rows.h); its
/// .pt holds floats, for Python and to train on. Errors: InvalidArgument for another extension; Io.
void save_model(const graph::Model& model, const std::filesystem::path& path);

}  // namespace nest::deploy
