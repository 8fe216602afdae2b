#pragma once

#include <string>

#include "scope.h"
#include "section.h"

namespace nest::graph {

/// Multi-head attention with torch's packed projections (in_proj_weight rows: q, k, v).
struct PackedAttention {
  Attention op;
  ValueId query = kNoValue;
  ValueId key = kNoValue;
  ValueId value = kNoValue;
  ValueId attend = kNoValue;
  ValueId padded = kNoValue;
};
struct AttentionResult {
  ValueId output = kNoValue;
  ValueId weights = kNoValue;
};
AttentionResult packed_attention(const Scope& scope, const std::string& name,
                                 const PackedAttention& parts);

/// Multi-head attention with a Linear for each of q, k, v and the output.
struct SeparateNames {
  std::string q, k, v, out;
};
AttentionResult separate_attention(const Scope& scope, const SeparateNames& names,
                                   const PackedAttention& parts,
                                   const std::vector<std::string>& weights = {});

/// Bahdanau attention: query_proj, key_proj, energy_proj; `previous` adds location features.
struct AdditiveParts {
  std::int64_t query_dim = 0;
  std::int64_t key_dim = 0;
  std::int64_t hidden = 0;
  ValueId query = kNoValue;
  ValueId key = kNoValue;
  ValueId value = kNoValue;
  ValueId attend = kNoValue;
  ValueId previous = kNoValue;
  std::int64_t location_filters = 0;
  std::int64_t location_kernel = 0;
};
AttentionResult additive_attention(const Scope& scope, const AdditiveParts& parts);

/// Which frames an encoder's self-attention may see.
///
/// Keys attention_left, attention_right (frames; -1: all), attention_chunk (frames; 0: none) and
/// attention_left_chunks (-1: all). A causal model sees nothing to the right, except within a
/// chunk.
struct AttentionWindow {
  std::int64_t left = -1;
  std::int64_t right = -1;
  std::int64_t chunk = 0;
  std::int64_t left_chunks = -1;
};
AttentionWindow read_attention_window(Section& section, bool is_causal);
Attention windowed(std::int64_t embed_dim, std::int64_t heads, double dropout,
                   const AttentionWindow& window);

}  // namespace nest::graph
