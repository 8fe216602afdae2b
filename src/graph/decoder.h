#pragma once

#include <optional>
#include <string>

#include "nest/graph/graph.h"
#include "section.h"

namespace nest::graph {

/// What the rest of the model already decides for a decoder's section.
struct DecoderContext {
  std::optional<std::int64_t> encoder_dim;
  std::optional<std::int64_t> decoder_dim;
  std::optional<std::int64_t> vocab_size;
  std::optional<std::int64_t> forced_vocab_size;  ///< what the data decides
};
std::int64_t read_vocabulary(Section& section, const DecoderContext& context);

/// Linear and log softmax over the vocabulary.
struct CtcDecoder {
  std::int64_t input_dim = 0;
  std::int64_t vocab_size = 0;
  std::int64_t blank_id = 0;
};
CtcDecoder read_ctc_decoder(Section& section, const DecoderContext& context);
/// encoder_output [B, T, D] -> log_probs [B, T, V].
Graph ctc_graph(const CtcDecoder& decoder, const std::string& name, const std::string& prefix);

/// Embedding and LSTM over the tokens so far (the prediction network of a transducer).
struct TransducerDecoder {
  std::int64_t vocab_size = 0;
  std::int64_t embedding_dim = 0;
  std::int64_t hidden_dim = 0;
  std::int64_t num_layers = 2;
  double dropout = 0.1;
};
TransducerDecoder read_transducer_decoder(Section& section, const DecoderContext& context);
/// tokens [B, U], h?, c? -> `output` [B, U, D], h_n, c_n.
Graph predictor_graph(const TransducerDecoder& decoder, const std::string& name,
                      const std::string& prefix, const std::string& output);
/// The same with dropout, Linear and log softmax: tokens [B, U], h?, c? -> log_probs [B, U, V],
/// h_n, c_n.
Graph language_model_graph(const TransducerDecoder& decoder, const std::string& name,
                           const std::string& prefix);

/// Linear(tanh(Linear(encoder) + Linear(predictor))).
struct JointNetwork {
  std::int64_t encoder_dim = 0;
  std::int64_t decoder_dim = 0;
  std::int64_t joint_dim = 0;
  std::int64_t vocab_size = 0;
};
JointNetwork read_joint_network(Section& section, const DecoderContext& context);
/// The ports of a joiner graph differ between the model and the block.
struct JoinerPorts {
  std::string predictor_input;
  std::string output;
};
/// encoder_output [B, T, De], <predictor_input> [B, U, Dp] -> <output> [B, T, U, V].
Graph joiner_graph(const JointNetwork& joint, const std::string& name, const std::string& prefix,
                   const JoinerPorts& ports);

/// Attention over the encoder output, LSTM, projection of both.
struct AttentionDecoder {
  std::int64_t vocab_size = 0;
  std::int64_t embedding_dim = 0;
  std::int64_t encoder_dim = 0;
  std::int64_t hidden_dim = 0;
  std::int64_t num_layers = 2;
  double dropout = 0.3;
  std::string attention_type = "additive";
};
AttentionDecoder read_attention_decoder(Section& section, const DecoderContext& context);
/// One step: token [B, 1], encoder_output [B, T, D], memory_attend? bool [B, 1, T], h?, c? ->
/// logits [B, V], attention [B, T], h_n, c_n. The query is the top layer's h before the step.
Graph decoder_step_graph(const AttentionDecoder& decoder, const std::string& name,
                         const std::string& prefix);

/// The optional input "lengths" (int64 [B], in units of T) that every graph over time has.
void add_lengths_input(Graph& graph);

}  // namespace nest::graph
