#include "attention_parts.h"

#include "nest/core/error.h"

namespace nest::graph {

AttentionResult packed_attention(const Scope& scope, const std::string& name,
                                 const PackedAttention& parts) {
  const std::int64_t dim = parts.op.embed_dim;
  const Linear projection{dim, dim, true};
  const Scope inner = scope[name];
  const ValueId q = inner.packed_linear("q_proj", "in_proj", projection, 0, parts.query);
  const ValueId k = inner.packed_linear("k_proj", "in_proj", projection, dim, parts.key);
  const ValueId v = inner.packed_linear("v_proj", "in_proj", projection, 2 * dim, parts.value);
  const std::vector<ValueId> results =
      scope.module(name, parts.op, {q, k, v, parts.attend, parts.padded}, {});
  return {inner.linear("out_proj", projection, results[0]), results[1]};
}

AttentionResult separate_attention(const Scope& scope, const SeparateNames& names,
                                   const PackedAttention& parts,
                                   const std::vector<std::string>& weights) {
  const Linear projection{parts.op.embed_dim, parts.op.embed_dim, true};
  const ValueId q = scope.linear(names.q, projection, parts.query);
  const ValueId k = scope.linear(names.k, projection, parts.key);
  const ValueId v = scope.linear(names.v, projection, parts.value);
  const std::vector<ValueId> results =
      scope.attention("attention", parts.op, {q, k, v, parts.attend, parts.padded}, weights);
  return {scope.linear(names.out, projection, results[0]), results[1]};
}

AttentionResult additive_attention(const Scope& scope, const AdditiveParts& parts) {
  const ValueId q = scope.linear("query_proj", {parts.query_dim, parts.hidden, false}, parts.query);
  const ValueId k = scope.linear("key_proj", {parts.key_dim, parts.hidden, false}, parts.key);
  ValueId location = kNoValue;
  if (parts.previous != kNoValue) {
    const LocationFeatures features{parts.location_filters, parts.location_kernel};
    location =
        scope.module("location_conv", features, {parts.previous}, {"weight", "bias"}).front();
    location =
        scope.linear("location_proj", {parts.location_filters, parts.hidden, false}, location);
  }
  const std::vector<ValueId> results =
      scope.module("energy_proj", AdditiveAttention{parts.hidden},
                   {q, k, parts.value, location, parts.attend}, {"weight"});
  return {results[0], results[1]};
}

AttentionWindow read_attention_window(Section& section, bool is_causal) {
  const auto read = [&](const std::string& name, std::int64_t fallback, std::int64_t least) {
    return section.integer(name, {.fallback = fallback, .least = least, .is_extension = true});
  };
  AttentionWindow window;
  window.left = read("attention_left", -1, -1);
  window.chunk = read("attention_chunk", 0, 0);
  window.left_chunks = read("attention_left_chunks", -1, -1);
  const bool is_chunked = window.chunk > 0;
  window.right = read("attention_right", is_causal && !is_chunked ? 0 : -1, -1);
  require(!is_causal || is_chunked || window.right == 0, ErrorCode::kDataCorrupt,
          "{}: attention_right {} contradicts causal: true; use attention_chunk to look ahead "
          "within a chunk",
          section.where(), window.right);
  require(!is_chunked || (window.left == -1 && window.right == -1), ErrorCode::kDataCorrupt,
          "{}: attention_chunk excludes attention_left and attention_right; bound the past with "
          "attention_left_chunks",
          section.where());
  require(is_chunked || window.left_chunks == -1, ErrorCode::kDataCorrupt,
          "{}: attention_left_chunks needs attention_chunk", section.where());
  return window;
}

Attention windowed(std::int64_t embed_dim, std::int64_t heads, double dropout,
                   const AttentionWindow& window) {
  return {.embed_dim = embed_dim,
          .num_heads = heads,
          .left = window.left,
          .right = window.right,
          .chunk = window.chunk,
          .left_chunks = window.left_chunks,
          .dropout = dropout};
}

}  // namespace nest::graph
