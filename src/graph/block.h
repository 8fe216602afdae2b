#pragma once

#include "nest/graph/model.h"
#include "section.h"

namespace nest::graph {

/// Attention blocks (block_attention.cc): each reads its section and returns graph "block".
Graph cross_attention_block(Section& section);
Graph additive_attention_block(Section& section);
/// `has_previous`: with the input previous_attn, whose location features enter the energy.
Graph location_aware_block(Section& section, bool has_previous);
Graph relative_position_block(Section& section);
Graph local_attention_block(Section& section);
Graph linear_attention_block(Section& section);

}  // namespace nest::graph
