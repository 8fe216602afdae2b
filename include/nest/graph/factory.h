#pragma once

#include <string_view>
#include <vector>

#include "nest/core/config.h"
#include "nest/core/rng.h"
#include "nest/graph/model.h"

namespace nest::graph {

/// Builds a model's graphs from a configuration; weights are left empty.
///
/// `key` is nest_rnn_t, nest_transformer_t, nest_attention, nest_ctc or nest_conformer; `config` is
/// that key's map, in the constructor names of the Python checkpoints (hidden_dim, n_filters, ...)
/// or in the names of the specification's model.yaml (hidden_size, num_filters, ...).
/// `causal: true` builds a model that can be streamed incrementally.
/// Errors: DataCorrupt naming file, line and key; unknown keys list the known ones.
Model build_model(std::string_view key, const Config& config);

/// Builds a single block ("EEGNet", "LSTMEncoder", "CrossAttention", ...) with graph "block".
Model build_block(std::string_view reference_class, const Config& config);

/// Names build_model() and build_block() know.
std::vector<std::string> model_keys();
std::vector<std::string> block_classes();

/// Fills every weight with PyTorch's default initialisation for its node kind (seeded).
void initialize_weights(Model& model, Rng& rng);

/// Takes weights from a state dict. One error lists every missing, extra and misshapen tensor.
void load_weights(Model& model, const TensorMap& state_dict);

/// Teacher-forced pass over a whole model on any executor: eeg_data, target_labels?, lengths? ->
/// spatial_features, encoder_output and log_probs (CTC), prediction_output and logits (RNN-T;
/// logits_no_labels without labels), or logits (attention).
TensorMap run_forward(Executor& executor, const TensorMap& inputs);

}  // namespace nest::graph
