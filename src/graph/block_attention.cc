#include <algorithm>

#include "attention_parts.h"
#include "block.h"
#include "decoder.h"
#include "encoder.h"
#include "nest/core/error.h"

namespace nest::graph {

namespace {

const Dim kBatch = Dim::symbol("B");
const Dim kTime = Dim::symbol("T");
const Dim kQueries = Dim::symbol("U");

Graph named_block() {
  Graph graph;
  graph.name = "block";
  return graph;
}

void add_pair_outputs(Graph& graph, const AttentionResult& result) {
  graph.add_output("output_0", result.output);
  graph.add_output("output_1", result.weights);
}

/// d_model, nhead and dropout, which three blocks share.
Attention read_self_attention(Section& section) {
  Attention op;
  op.embed_dim = section.integer("d_model", {});
  op.num_heads = section.integer("nhead", {});
  require(op.embed_dim % op.num_heads == 0, ErrorCode::kDataCorrupt,
          "{}: nhead {} does not divide d_model {}", section.where(), op.num_heads, op.embed_dim);
  op.dropout = section.probability("dropout", 0.1);
  return op;
}

const SeparateNames kLowerNames{"w_q", "w_k", "w_v", "w_o"};

/// x with itself: inputs x and mask (true = attend).
AttentionResult self_attention(Graph& graph, const Attention& op) {
  const ValueId x = graph.add_input("x", DType::kF32, {kBatch, kTime, op.embed_dim}, 1);
  const ValueId mask = graph.add_input("mask", DType::kBool, {kBatch, kTime, kTime}, -1, true);
  add_lengths_input(graph);
  return separate_attention(Scope(graph), kLowerNames,
                            {.op = op, .query = x, .key = x, .value = x, .attend = mask});
}

}  // namespace

Graph cross_attention_block(Section& section) {
  const std::int64_t eeg_dim = section.integer("eeg_dim", {});
  const std::int64_t text_dim = section.integer("text_dim", {});
  const std::int64_t heads = section.integer("num_heads", {.fallback = 8});
  const double dropout = section.probability("dropout", 0.1);
  // The residual adds the unprojected text embedding, so the model width is the text's.
  require(text_dim >= eeg_dim, ErrorCode::kDataCorrupt,
          "{}: text_dim {} must be at least eeg_dim {} (the residual adds the text embedding)",
          section.where(), text_dim, eeg_dim);
  require(text_dim % heads == 0, ErrorCode::kDataCorrupt,
          "{}: num_heads {} does not divide the width {}", section.where(), heads, text_dim);
  Graph graph = named_block();
  const Scope scope(graph);
  ValueId eeg = graph.add_input("eeg_features", DType::kF32, {kBatch, kTime, eeg_dim}, 1);
  const ValueId text =
      graph.add_input("text_embeddings", DType::kF32, {kBatch, kQueries, text_dim});
  const ValueId mask = graph.add_input("mask", DType::kBool, {kBatch, kQueries, kTime}, -1, true);
  add_lengths_input(graph);
  if (eeg_dim != text_dim) eeg = scope.linear("eeg_proj", {eeg_dim, text_dim, true}, eeg);
  const Attention op{.embed_dim = text_dim, .num_heads = heads, .dropout = dropout};
  AttentionResult result =
      separate_attention(scope["mha"], {"W_q", "W_k", "W_v", "W_o"},
                         {.op = op, .query = text, .key = eeg, .value = eeg, .attend = mask});
  result.output = scope.dropout("mha.dropout", dropout, result.output);
  result.output = scope.layer_norm("norm", text_dim, scope.add("residual", text, result.output));
  add_pair_outputs(graph, result);
  return graph;
}

namespace {

/// The inputs additive and location-aware attention share.
AdditiveParts read_additive(Section& section, Graph& graph) {
  AdditiveParts parts;
  parts.query_dim = section.integer("query_dim", {});
  parts.key_dim = section.integer("key_dim", {});
  parts.hidden = section.integer("hidden_dim", {});
  parts.query = graph.add_input("query", DType::kF32, {kBatch, kQueries, parts.query_dim});
  parts.key = graph.add_input("key", DType::kF32, {kBatch, kTime, parts.key_dim}, 1);
  parts.value = graph.add_input("value", DType::kF32, {kBatch, kTime, parts.key_dim}, 1);
  parts.attend = graph.add_input("mask", DType::kBool, {kBatch, kQueries, kTime}, -1, true);
  add_lengths_input(graph);
  return parts;
}

}  // namespace

Graph additive_attention_block(Section& section) {
  Graph graph = named_block();
  const AdditiveParts parts = read_additive(section, graph);
  add_pair_outputs(graph, additive_attention(Scope(graph), parts));
  return graph;
}

Graph location_aware_block(Section& section, bool has_previous) {
  Graph graph = named_block();
  if (has_previous) graph.name = "block_previous";
  AdditiveParts parts = read_additive(section, graph);
  parts.location_filters = section.integer("num_filters", {.fallback = 32});
  parts.location_kernel = section.integer("kernel_size", {.fallback = 31});
  require(parts.location_kernel % 2 == 1, ErrorCode::kDataCorrupt, "{}: kernel_size {} must be odd",
          section.where(), parts.location_kernel);
  if (has_previous) {
    parts.previous = graph.add_input("previous_attn", DType::kF32, {kBatch, kQueries, kTime}, 2);
  }
  add_pair_outputs(graph, additive_attention(Scope(graph), parts));
  return graph;
}

Graph relative_position_block(Section& section) {
  Attention op = read_self_attention(section);
  op.kind = Attention::Kind::kRelative;
  op.max_distance = section.integer("max_relative_position", {.fallback = 128});
  Graph graph = named_block();
  const DimShape shape{kBatch, kTime, op.embed_dim};
  PackedAttention parts{.op = op};
  parts.query = graph.add_input("query", DType::kF32, shape, 1);
  parts.key = graph.add_input("key", DType::kF32, shape, 1);
  parts.value = graph.add_input("value", DType::kF32, shape, 1);
  parts.attend = graph.add_input("mask", DType::kBool, {kBatch, kTime, kTime}, -1, true);
  add_lengths_input(graph);
  add_pair_outputs(graph, separate_attention(Scope(graph), kLowerNames, parts,
                                             {"relative_k.weight", "relative_v.weight"}));
  return graph;
}

Graph local_attention_block(Section& section) {
  Attention op = read_self_attention(section);
  op.left = section.integer("window_size", {.fallback = 128, .least = 0});
  op.right = op.left;
  Graph graph = named_block();
  add_pair_outputs(graph, self_attention(graph, op));
  return graph;
}

Graph linear_attention_block(Section& section) {
  Attention op = read_self_attention(section);
  const double dropout = op.dropout;
  op.kind = Attention::Kind::kLinear;
  op.dropout = 0;  // the reference drops the output, not the weights
  Graph graph = named_block();
  const ValueId output = self_attention(graph, op).output;
  graph.add_output("output", Scope(graph).dropout("dropout", dropout, output));
  return graph;
}

}  // namespace nest::graph
