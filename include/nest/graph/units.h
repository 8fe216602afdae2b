#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nest/core/enum.h"
#include "nest/graph/model.h"

/// Units of a model: what can be taken out of it as a whole, over every weight that makes it or
/// reads it (dependency groups; Fang et al. 2023).
namespace nest::graph {

enum class UnitKind : std::uint8_t {
  kChannel,  ///< of convolutions; those that a grouped convolution ties together are one
  kFeature,  ///< of Linear, embeddings and what a residual stream ties to them
  kHidden,   ///< of LSTM and GRU over all gates, of additive attention
  kHead,     ///< of attention: its rows of q, k and v, its columns of the output projection
};
/// "channel", "feature", "hidden", "head"
EnumTable enum_table(UnitKind of);

/// Where the units of a part lie in one axis of one weight.
struct UnitSlice {
  std::string weight;
  int axis = 0;
  bool is_reader = false;  ///< columns that read the unit; false: rows (or a table) that make it
  std::vector<std::vector<std::int64_t>> indices;  ///< by unit
};

/// Units that are free to go one by one.
struct UnitPart {
  std::string name;  ///< "l0", "l0r" (layer, backwards) of recurrent layers; else ""
  std::vector<UnitSlice> slices;
};

/// Units of one place. A recurrent node has one hidden size, so its layers and directions are
/// parts: each loses as many units as the others, but which ones is its own choice.
struct UnitGroup {
  std::string name;  ///< node that makes them (heads: the attention), unique in the model
  UnitKind kind = UnitKind::kFeature;
  std::int64_t count = 0;  ///< units in every part
  /// False where a layer norm takes its mean and variance over the units, or attention weights are
  /// averaged over heads: then a model without some differs from one that has them at zero.
  bool is_exact = true;
  std::vector<UnitPart> parts;
};

/// Units to keep, by part, ascending.
using UnitChoice = std::vector<std::vector<std::int64_t>>;

/// Every group with more than one unit, in the order of the graphs.
///
/// Units of a group are counted as they lie in the weights now; removing some renumbers the rest.
/// The signal's channels, the vocabulary and, in a block, every output keep their size.
std::vector<UnitGroup> unit_groups(const Model& model);

/// Takes all units but `keep` out of every graph and weight of the model; shapes follow. Weights
/// may be absent: then the graphs alone change (to ask graph/cost.h what it would save).
///
/// Heads go as wholes, so the width of a head stays. The model's config still says how it was
/// built; its files store the graphs (deploy/model_file.h).
/// Errors: NotFound if the model has no such group now; InvalidArgument naming the part if units
/// are out of range, not ascending, none, or of another number than in the first part.
void remove_units(Model& model, const UnitGroup& group, const UnitChoice& keep);

/// Zeros in every weight the slices of all units but `keep`, so that they contribute nothing;
/// buffers stay. What remove_units() must equal where the group is exact.
/// Errors: as remove_units(); NotFound if a weight is absent.
void mask_units(Model& model, const UnitGroup& group, const UnitChoice& keep);

}  // namespace nest::graph
