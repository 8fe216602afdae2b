#include "attention_parts.h"
#include "decoder.h"
#include "nest/core/error.h"

namespace nest::graph {

namespace {

constexpr std::int64_t kHeads = 8;             // fixed in the reference
constexpr std::int64_t kLocationFilters = 32;  // LocationAwareAttention's defaults
constexpr std::int64_t kLocationKernel = 31;

/// The inputs of one step's attention.
struct StepInputs {
  ValueId query = kNoValue;     // [B, 1, H]
  ValueId memory = kNoValue;    // [B, T, D]
  ValueId attend = kNoValue;    // bool [B, 1, T]
  ValueId previous = kNoValue;  // [B, 1, T]
};

/// Context [B, 1, D] and weights [B, 1, T].
AttentionResult multi_head(const Scope& scope, const AttentionDecoder& decoder,
                           const StepInputs& in) {
  const Linear projection{decoder.encoder_dim, decoder.hidden_dim, true};
  const ValueId key = scope.linear("encoder_proj", projection, in.memory);
  const Attention op{
      .embed_dim = decoder.hidden_dim, .num_heads = kHeads, .dropout = decoder.dropout};
  const AttentionResult heads = packed_attention(
      scope, "attention",
      {.op = op, .query = in.query, .key = key, .value = in.memory, .attend = in.attend});
  // Mean over the heads, as torch.nn.MultiheadAttention reports its weights.
  ValueId weights = scope.node("heads_last", Permute{{0, 2, 3, 1}}, {heads.weights});
  weights = scope.node("heads_mean", Pool{Pool::Kind::kMean, kHeads, kHeads}, {weights});
  return {heads.output, scope.node("weights", Squeeze{3}, {weights})};
}

AttentionResult attend(const Scope& scope, const AttentionDecoder& decoder, const StepInputs& in) {
  if (decoder.attention_type == "multiplicative") return multi_head(scope, decoder, in);
  return additive_attention(scope["attention"], {.query_dim = decoder.hidden_dim,
                                                 .key_dim = decoder.encoder_dim,
                                                 .hidden = decoder.hidden_dim,
                                                 .query = in.query,
                                                 .key = in.memory,
                                                 .value = in.memory,
                                                 .attend = in.attend,
                                                 .previous = in.previous,
                                                 .location_filters = kLocationFilters,
                                                 .location_kernel = kLocationKernel});
}

}  // namespace

AttentionDecoder read_attention_decoder(Section& section, const DecoderContext& context) {
  AttentionDecoder decoder;
  decoder.vocab_size = read_vocabulary(section, context);
  decoder.embedding_dim = section.integer("embedding_dim", {});
  decoder.encoder_dim = section.integer(
      "encoder_dim",
      {.expected = context.encoder_dim, .because = "the encoder's output features:"});
  decoder.hidden_dim = section.integer("hidden_dim", {.aliases = {"hidden_size"}});
  decoder.num_layers = section.integer("num_layers", {.fallback = 2, .most = kMaxLayers});
  decoder.dropout = section.probability("dropout", 0.3);
  decoder.attention_type = section.choice(
      "attention_type", {"additive", "multiplicative", "location_aware"}, "additive");
  if (decoder.attention_type == "multiplicative") {
    require(decoder.encoder_dim == decoder.hidden_dim, ErrorCode::kDataCorrupt,
            "{}: multiplicative attention takes the encoder output as values, so encoder_dim {} "
            "must equal hidden_dim {}",
            section.where(), decoder.encoder_dim, decoder.hidden_dim);
    require(decoder.hidden_dim % kHeads == 0, ErrorCode::kDataCorrupt,
            "{}: multiplicative attention has {} heads, which do not divide hidden_dim {}",
            section.where(), kHeads, decoder.hidden_dim);
  }
  return decoder;
}

Graph decoder_step_graph(const AttentionDecoder& decoder, const std::string& name,
                         const std::string& prefix) {
  Graph graph;
  graph.name = name;
  const Scope scope(graph, prefix);
  const Dim batch = Dim::symbol("B");
  const Dim time = Dim::symbol("T");
  const DimShape state{decoder.num_layers, batch, decoder.hidden_dim};
  const bool is_location_aware = decoder.attention_type == "location_aware";

  const ValueId token = graph.add_input("token", DType::kI64, {batch, 1});
  StepInputs in;
  in.memory = graph.add_input("encoder_output", DType::kF32, {batch, time, decoder.encoder_dim}, 1);
  in.attend = graph.add_input("memory_attend", DType::kBool, {batch, 1, time}, -1, true);
  const ValueId h = graph.add_input("h", DType::kF32, state, -1, true);
  const ValueId c = graph.add_input("c", DType::kF32, state, -1, true);
  if (is_location_aware) {
    in.previous = graph.add_input("previous_attention", DType::kF32, {batch, 1, time}, 2, true);
  }
  add_lengths_input(graph);

  ValueId embedded =
      scope.embedding("embedding", {decoder.vocab_size, decoder.embedding_dim}, token);
  embedded = scope.dropout("dropout", decoder.dropout, embedded);
  in.query = scope.node("top_layer", Slice{0, -1, 0}, {h});
  in.query = scope.node("query", Permute{{1, 0, 2}}, {in.query});
  const AttentionResult attended = attend(scope, decoder, in);
  const ValueId step = scope.node("rnn_input", Concat{-1}, {embedded, attended.output});
  const Lstm lstm{.input_size = decoder.embedding_dim + decoder.encoder_dim,
                  .hidden_size = decoder.hidden_dim,
                  .num_layers = decoder.num_layers,
                  .dropout = decoder.num_layers > 1 ? decoder.dropout : 0};
  const std::vector<ValueId> rnn = scope.lstm("rnn", lstm, {step, h, c});
  const ValueId both = scope.node("output_input", Concat{-1}, {rnn[0], attended.output});
  const ValueId logits = scope.linear(
      "output_proj", {decoder.hidden_dim + decoder.encoder_dim, decoder.vocab_size, true}, both);
  graph.add_output("logits", scope.node("logits", Squeeze{1}, {logits}));
  graph.add_output("attention", scope.node("attention_row", Squeeze{1}, {attended.weights}));
  graph.add_output("h_n", rnn[1], "h");
  graph.add_output("c_n", rnn[2], "c");
  if (is_location_aware) {
    graph.add_output("attention_weights", attended.weights, "previous_attention");
  }
  return graph;
}

}  // namespace nest::graph
