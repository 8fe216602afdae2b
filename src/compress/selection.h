#pragma once

#include <cstdint>
#include <vector>

#include "nest/compress/pattern.h"
#include "nest/compress/prunable.h"

namespace nest::compress {

/// A weight while it is decided which of its elements go.
struct Candidate {
  PrunableWeight weight;
  std::vector<float> scores;
  Tensor is_kept;  ///< bool, as the weight; false where it is zero already

  std::int64_t elements() const { return is_kept.numel(); }
  std::int64_t zeros() const;
};

/// Drops elements or blocks in order of their scores, the least first, until the zeros of all
/// candidates together are as near to `zeros` as they come; no candidate gets more than the part
/// `most` of its own. Equal scores go by name and place.
void drop_lowest(const std::vector<Candidate*>& pool, PrunePattern::Kind kind, std::int64_t zeros,
                 double most);

/// Leaves the `n` highest of every `m` inputs of a row; the shorter group at the end of rows keeps
/// as many as n / m of its length comes to over all rows, n at most.
void keep_n_of_m(Candidate& candidate, const PrunePattern& pattern);

}  // namespace nest::compress
