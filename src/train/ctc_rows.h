#pragma once

#include <torch/types.h>

#include "outputs.h"

namespace nest::train {

/// What a CTC loss is a sum of: stretches of frames, each with its own target.
struct CtcRows {
  torch::Tensor scores;         ///< [R, T, V]
  torch::Tensor frames;         ///< int64 [R] on the CPU
  torch::Tensor tokens;         ///< int64 [R, U] on the CPU
  torch::Tensor token_lengths;  ///< int64 [R] on the CPU
  torch::Tensor item;           ///< int64 [R]: the batch's item that a row is of
};

/// One row an item: its tokens may come in any of its frames.
CtcRows whole_rows(const Outputs& out, const Batch& batch);

/// A row for each utterance, from its begin to `within_s` behind its end or to the next one, and
/// rows with an empty target for the frames between. -log P of their sum is that of the alignments
/// in which every token comes in its time.
CtcRows rows_by_time(const Outputs& out, const Batch& batch, const graph::Model& model,
                     double within_s);

}  // namespace nest::train
