#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "nest/core/config.h"
#include "nest/core/rng.h"
#include "nest/graph/model.h"

namespace nest::graph {

/// What the data decides, whatever the configuration says; 0: the configuration decides.
struct DataSizes {
  std::int64_t num_channels = 0;
  std::int64_t vocab_size = 0;
  std::int64_t sampling_rate_hz = 0;  ///< the rate front ends make their kernels for
};

/// Builds a model's graphs from a configuration; weights are left empty.
///
/// `key` is nest_rnn_t, nest_transformer_t, nest_attention, nest_ctc, nest_conformer or nest_lm (a
/// language model over the recogniser's tokens); `config` is that key's map, in the constructor
/// names of the Python checkpoints (hidden_dim, n_filters, ...) or in the names of the
/// specification's model.yaml (hidden_size, num_filters, ...). Any other key names a variant of the
/// user's own if `config` has a `model_name` (NEST_CTC, ...). `causal: true` builds a model that
/// can be streamed incrementally. Errors: DataCorrupt naming file, line and key; unknown keys list
/// the known ones.
Model build_model(std::string_view key, const Config& config, const DataSizes& data = {});

/// The same, fitted to signals and a vocabulary: their channels, their sampling rate (EEGNet, where
/// the configuration leaves it open) and one output a token stand for what `section` says. A
/// `training` part of the section is skipped.
Model build_fitted_model(std::string_view key, const Config& section, const SignalContract& signal,
                         std::int64_t vocab_size);

/// From a checkpoint's model_config: a whole model if it has `model_name`, a block if it has
/// `type`. `name` is the model's; empty: the key that model_name stands for.
Model build_from_model_config(const Config& config, std::string_view name = "");

/// Builds a single block ("EEGNet", "LSTMEncoder", "CrossAttention", ...) with graph "block".
Model build_block(std::string_view reference_class, const Config& config);

/// Names build_model() and build_block() know.
std::vector<std::string> model_keys();
std::vector<std::string> block_classes();

/// Fills every weight with PyTorch's default initialisation for its node kind (seeded).
void initialize_weights(Model& model, Rng& rng);

/// Takes weights from a state dict. One error lists every missing, extra and misshapen tensor.
void load_weights(Model& model, const TensorMap& state_dict);

/// Teacher-forced pass over a whole model or block on any executor.
///
/// Whole models: eeg_data [B, C, T] or [B, 1, C, T], target_labels?, lengths? -> spatial_features,
/// encoder_output, encoder_lengths (if lengths are given), and: log_probs (CTC); logits_no_labels
/// (one blank as history) and with labels prediction_output and logits (RNN-T); with labels logits
/// (attention, one step a label). Language models: those of their graph "lm". Blocks: the inputs
/// and outputs of the reference class; AttentionDecoder takes target_tokens and returns logits,
/// h_n, c_n after the last step.
TensorMap run_forward(Executor& executor, const TensorMap& inputs);

/// An array as executors take it at a port: floats of any width as float32, integers as int64; a
/// signal "eeg_data" [channels, samples] as a batch of one. Errors: as Tensor::to.
Tensor as_input(std::string_view port, const Tensor& array);

}  // namespace nest::graph
