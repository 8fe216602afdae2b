#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nest/core/enum.h"
#include "nest/core/json.h"
#include "nest/core/tensor.h"
#include "nest/graph/graph.h"
#include "nest/graph/quantization.h"
#include "nest/graph/signal_contract.h"

namespace nest::graph {

/// How text relates to token ids; the tokenizer and the rule themselves are in `text`.
struct Vocabulary {
  std::int64_t size = 0;
  std::int64_t blank_id = 0;  ///< CTC and RNN-T
  std::int64_t sos_id = 2;    ///< attention
  std::int64_t eos_id = 3;
  Json tokenizer;  ///< tokenizer file content, null if unknown
  Json text_rule;  ///< spelling of texts (text::TextRule), null if they are taken as they are
};

enum class Family { kCtc, kTransducer, kAttention, kLanguage, kBlock };
EnumTable enum_table(Family of);

/// A model: named graphs, their weights, and the contracts that travel with it.
///
/// kCtc: "encoder" (eeg_data [B, C, T] -> spatial_features, encoder_output), "ctc_head"
///   (encoder_output -> log_probs).
/// kTransducer: "encoder", "predictor" (tokens, h, c -> prediction_output, h_n, c_n), "joiner"
///   (encoder_output, prediction_output -> logits [B, T, U, V]).
/// kAttention: "encoder", "decoder_step" (token [B, 1], encoder_output, h, c, memory_attend? ->
///   logits [B, V], attention [B, K], h_n, c_n).
/// kLanguage: "lm" (tokens [B, U], h, c -> log_probs [B, U, V], h_n, c_n), no signal.
/// kBlock: one graph named "block" (AttentionDecoder: its step; LocationAwareAttention: also
///   "block_previous", with previous attention weights). run_forward() runs any of them.
/// Every graph over time also has the optional input "lengths".
struct Model {
  std::string name;  ///< "nest_ctc", ...
  Family family = Family::kBlock;
  Json config;  ///< constructor arguments, as in a checkpoint's model_config
  std::map<std::string, Graph, std::less<>> graphs;
  TensorMap weights;  ///< by state-dict name
  TensorMap presets;  ///< initial values that a layer's design fixes (FilterBank's Gabor filters)
  Quantization quantization;
  SignalContract signal;
  Vocabulary vocabulary;

  /// Errors: NotFound that lists the graphs there are.
  const Graph& graph(std::string_view name) const;
  /// Elements of all trainable weights (no batch-norm statistics, no positional tables, fixed
  /// filter banks).
  std::int64_t num_parameters() const;
};

/// The weights of all graphs of a model, each once.
std::vector<WeightInfo> weight_infos(const Model& model);

/// True for state that is saved with the weights but not trained (running_mean,
/// num_batches_tracked, positional tables, fixed filter banks).
bool is_buffer(std::string_view weight_name);

/// What every executor offers: run one graph on named tensors.
///
/// Inputs and outputs go by port name. "lengths" (int64 [B], in units of T) may be given to any
/// graph with a time axis; see Value::time_axis. Missing optional inputs are left out of the map.
/// State: one call at a time.
class Executor {
 public:
  virtual ~Executor() = default;
  virtual const Model& model() const = 0;
  /// Errors: InvalidArgument for missing, unknown, misshapen or wrongly typed inputs.
  virtual TensorMap run(std::string_view graph, const TensorMap& inputs) = 0;

  /// A graph with some inputs fixed.
  class Bound {
   public:
    virtual ~Bound() = default;
    /// As Executor::run() with the other inputs.
    virtual TensorMap run(const TensorMap& rest) = 0;
  };
  /// Fixes inputs that many runs share (an encoder memory), so that an executor may compute once
  /// what depends on them alone. Results are those of run() with all inputs together. The executor
  /// must outlive the bound graph; the fixed tensors must not be written to.
  virtual std::unique_ptr<Bound> bind(std::string_view graph, TensorMap fixed);
  /// One line that says what really runs: "torch 1.13.1 cpu fp32 2 threads".
  virtual std::string describe() const = 0;
  /// Bytes of the weights as they are kept for running, those of graphs that ran so far.
  virtual std::int64_t weight_bytes() const = 0;
};

}  // namespace nest::graph
