#include "decoder.h"

#include "scope.h"

namespace nest::graph {

namespace {

IntegerRule encoder_rule(const DecoderContext& context, std::vector<std::string> aliases) {
  return {.aliases = std::move(aliases),
          .expected = context.encoder_dim,
          .because = "the encoder's output features:"};
}

}  // namespace

std::int64_t read_vocabulary(Section& section, const DecoderContext& context) {
  return section.integer("vocab_size", {.expected = context.vocab_size,
                                        .because = "the vocabulary of the model:",
                                        .forced = context.forced_vocab_size,
                                        .least = 2});
}

void add_lengths_input(Graph& graph) {
  graph.add_input("lengths", DType::kI64, {Dim::symbol("B")}, -1, true);
}

CtcDecoder read_ctc_decoder(Section& section, const DecoderContext& context) {
  CtcDecoder decoder;
  decoder.input_dim = section.integer("input_dim", encoder_rule(context, {"input_size"}));
  decoder.vocab_size = read_vocabulary(section, context);
  decoder.blank_id = section.integer(
      "blank_id",
      {.fallback = 0, .least = 0, .most = decoder.vocab_size - 1, .is_extension = true});
  return decoder;
}

Graph ctc_graph(const CtcDecoder& decoder, const std::string& name, const std::string& prefix) {
  Graph graph;
  graph.name = name;
  const Scope scope(graph, prefix);
  const ValueId encoder = graph.add_input(
      "encoder_output", DType::kF32, {Dim::symbol("B"), Dim::symbol("T"), decoder.input_dim}, 1);
  add_lengths_input(graph);
  const ValueId logits =
      scope.linear("output_proj", {decoder.input_dim, decoder.vocab_size, true}, encoder);
  graph.add_output("log_probs", scope.node("log_softmax", LogSoftmax{}, {logits}));
  return graph;
}

TransducerDecoder read_transducer_decoder(Section& section, const DecoderContext& context) {
  TransducerDecoder decoder;
  decoder.vocab_size = read_vocabulary(section, context);
  decoder.embedding_dim = section.integer("embedding_dim", {});
  decoder.hidden_dim = section.integer("hidden_dim", {.aliases = {"hidden_size"}});
  decoder.num_layers = section.integer("num_layers", {.fallback = 2, .most = kMaxLayers});
  decoder.dropout = section.probability("dropout", 0.1);
  return decoder;
}

namespace {

/// Embedding and LSTM over "tokens": y, h_n, c_n.
std::vector<ValueId> add_token_lstm(const Scope& scope, const TransducerDecoder& decoder) {
  Graph& graph = scope.graph();
  const Dim batch = Dim::symbol("B");
  const DimShape state{decoder.num_layers, batch, decoder.hidden_dim};
  const ValueId tokens = graph.add_input("tokens", DType::kI64, {batch, Dim::symbol("U")});
  const ValueId h = graph.add_input("h", DType::kF32, state, -1, true);
  const ValueId c = graph.add_input("c", DType::kF32, state, -1, true);
  const ValueId embedded =
      scope.embedding("embedding", {decoder.vocab_size, decoder.embedding_dim}, tokens);
  const Lstm lstm{.input_size = decoder.embedding_dim,
                  .hidden_size = decoder.hidden_dim,
                  .num_layers = decoder.num_layers,
                  .dropout = decoder.num_layers > 1 ? decoder.dropout : 0};
  return scope.lstm("lstm", lstm, {embedded, h, c});
}

void add_state_outputs(Graph& graph, const std::vector<ValueId>& lstm) {
  graph.add_output("h_n", lstm[1], "h");
  graph.add_output("c_n", lstm[2], "c");
}

}  // namespace

Graph predictor_graph(const TransducerDecoder& decoder, const std::string& name,
                      const std::string& prefix, const std::string& output) {
  Graph graph;
  graph.name = name;
  const std::vector<ValueId> results = add_token_lstm(Scope(graph, prefix), decoder);
  graph.add_output(output, results[0]);
  add_state_outputs(graph, results);
  return graph;
}

Graph language_model_graph(const TransducerDecoder& decoder, const std::string& name,
                           const std::string& prefix) {
  Graph graph;
  graph.name = name;
  const Scope scope(graph, prefix);
  const std::vector<ValueId> results = add_token_lstm(scope, decoder);
  const ValueId hidden = scope.dropout("dropout", decoder.dropout, results[0]);
  const ValueId logits =
      scope.linear("output_proj", {decoder.hidden_dim, decoder.vocab_size, true}, hidden);
  graph.add_output("log_probs", scope.node("log_softmax", LogSoftmax{}, {logits}));
  add_state_outputs(graph, results);
  return graph;
}

JointNetwork read_joint_network(Section& section, const DecoderContext& context) {
  JointNetwork joint;
  joint.encoder_dim = section.integer("encoder_dim", encoder_rule(context, {}));
  joint.decoder_dim = section.integer(
      "decoder_dim",
      {.expected = context.decoder_dim, .because = "the prediction network's output features:"});
  joint.joint_dim = section.integer("joint_dim", {.aliases = {"hidden_dim", "hidden_size"}});
  joint.vocab_size = read_vocabulary(section, context);
  return joint;
}

Graph joiner_graph(const JointNetwork& joint, const std::string& name, const std::string& prefix,
                   const JoinerPorts& ports) {
  Graph graph;
  graph.name = name;
  const Scope scope(graph, prefix);
  const Dim batch = Dim::symbol("B");
  const ValueId encoder = graph.add_input("encoder_output", DType::kF32,
                                          {batch, Dim::symbol("T"), joint.encoder_dim}, 1);
  const ValueId predictor = graph.add_input(ports.predictor_input, DType::kF32,
                                            {batch, Dim::symbol("U"), joint.decoder_dim});
  add_lengths_input(graph);
  ValueId a = scope.linear("encoder_proj", {joint.encoder_dim, joint.joint_dim, true}, encoder);
  ValueId b = scope.linear("decoder_proj", {joint.decoder_dim, joint.joint_dim, true}, predictor);
  a = scope.node("encoder_plane", Unsqueeze{2}, {a});
  b = scope.node("decoder_plane", Unsqueeze{1}, {b});
  const ValueId sum = scope.activate("tanh", Activation::kTanh, scope.add("sum", a, b));
  graph.add_output(ports.output,
                   scope.linear("output_proj", {joint.joint_dim, joint.vocab_size, true}, sum));
  return graph;
}

}  // namespace nest::graph
