#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "nest/core/enum.h"
#include "nest/core/field.h"
#include "nest/core/json_fwd.h"
#include "nest/core/options_fwd.h"
#include "nest/graph/model.h"

/// Models for other runtimes. (The namespace is `exports` because `export` is a keyword.)
namespace nest::exports {

/// Operator sets that an export can be written for: the specification's first to ONNX Runtime
/// 1.32's last.
inline constexpr int kLeastOpset = 11;
inline constexpr int kMostOpset = 28;

/// How ports are called, in which order they stand, and what the metadata adds: for loaders that
/// know a toolkit's exports.
enum class OnnxStyle {
  kNest,     ///< the graph's own names; states <name> and <name>_out
  kIcefall,  ///< LSTM transducers of icefall: x, state0 -> encoder_out, new_state0; y; logit
  kNemo,     ///< transducers of NeMo: audio_signal, cache_0 -> outputs, cache_0_next; targets
};
EnumTable enum_table(OnnxStyle of);  ///< "nest", "icefall", "nemo"

struct OnnxOptions {
  /// Of weights and activations: fp32, fp16, or int8 as the model's own quantization says (a model
  /// without one: every matrix product). Inputs, outputs and states are float32 in all.
  graph::Precision precision = graph::Precision::kFp32;
  int opset = 17;
  /// Optional inputs that the ONNX graph has ("memory_attend"); the others are left out, states are
  /// always there.
  std::vector<std::string> keep = {};
  OnnxStyle style = OnnxStyle::kNest;
};
void visit_fields(FieldVisitor& visitor, OnnxOptions& options);
void validate(const OnnxOptions& options);

/// An input or output of an exported graph.
struct ExportedPort {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<std::string> shape;  ///< numbers, and names of lengths that differ from run to run
};

/// What was written.
struct ExportedGraph {
  std::filesystem::path path;
  std::string graph;
  int opset = 0;  ///< 0: TorchScript
  int ir_version = 0;
  std::int64_t nodes = 0;
  std::int64_t file_bytes = 0;
  std::vector<ExportedPort> inputs;
  std::vector<ExportedPort> outputs;
  std::vector<std::string> states;  ///< inputs that take the output "<name>_out" of the last step
};
Json to_json(const ExportedGraph& exported);

/// Writes a model's graphs as ONNX.
///
/// Beside the graphs that the model has there are: "model", a CTC model as one (signal [batch,
/// channels, samples] -> log_probs [batch, frames, vocabulary]); and, if the model streams,
/// "encoder_step" and "model_step", which take new samples and explicit state
/// (graph/streaming.h). Ports keep the graph's names; a state <name> comes back as <name>_out and
/// begins with zeros. Lengths that the graph leaves open stay open. The metadata of a file has the
/// signal contract, the vocabulary, the states and a hash of the weights.
/// State: immutable.
class ModelExporter {
 public:
  explicit ModelExporter(graph::Model model);

  /// Names that export_onnx() takes.
  std::vector<std::string> graphs() const;
  /// What runs alone: the whole model if it is one graph, else "all".
  std::string default_graph() const;
  /// The model with all of these graphs.
  const graph::Model& model() const { return model_; }

  /// Writes one graph; atomic. Errors: NotFound that lists the graphs there are; InvalidArgument
  /// for an input to keep that is not optional; Unsupported naming the graph, the node and its kind
  /// that ONNX cannot say; Io.
  ExportedGraph export_onnx(const std::filesystem::path& path, std::string_view graph,
                            const OnnxOptions& options = {}) const;

  /// Writes one graph as a frozen TorchScript file in float32 that torch.jit.load() and
  /// torch::jit::load() read (docs/export.md); atomic. It is traced by LibTorch, for any batch and
  /// any length that the graph leaves open, and run for two of each against the graph itself.
  /// Errors: NotFound that lists the graphs there are; Unsupported in a program without LibTorch
  /// (export/torchscript.h); Internal if the trace computes something else; Io.
  ExportedGraph export_torchscript(const std::filesystem::path& path, std::string_view graph) const;

  /// Writes the weights by state-dict name, with all that load_model() needs and `metadata` of the
  /// caller's own, as a file that torch.load() and every verb read. Errors: InvalidArgument unless
  /// the extension is .pt, .pth, .ckpt or .safetensors; Io.
  void export_state_dict(const std::filesystem::path& path,
                         const StringMap<std::string>& metadata = {}) const;

 private:
  graph::Model original_;
  graph::Model model_;  ///< with the graphs made of it
};

}  // namespace nest::exports
