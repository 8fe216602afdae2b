#pragma once

#include <torch/types.h>

#include "nest/nn/executor.h"
#include "nest/train/batch.h"
#include "nest/train/objective.h"

namespace nest::train {

/// What a model says about a batch, before a loss is made of it.
struct Outputs {
  /// Logits or log-probabilities: CTC [B, T, V]; transducer [B, T, U + 1, V]; attention and
  /// language [B, U + 1, V].
  torch::Tensor scores;
  torch::Tensor frames;  ///< int64 [B] on the CPU: CTC, transducer
  torch::Tensor given;   ///< int64 [B, U + 1]: the tokens before each step; not CTC
};

/// Runs a model's graphs over a batch. `given`: what the steps of an attention decoder are given in
/// place of the targets, or of its own tokens (ObjectiveOptions::sampling).
/// Errors: InvalidArgument for a model that is only a block.
Outputs run_model(nn::TorchExecutor& executor, const Batch& batch, const ObjectiveOptions& options,
                  const torch::Tensor& given = {});

/// The loss of a model's outputs.
Loss loss_of(const Outputs& outputs, const Batch& batch, const graph::Model& model,
             const ObjectiveOptions& options);

/// bool [B]: items that have a loss.
torch::Tensor counted_items(const Outputs& outputs, const Batch& batch, graph::Family family);

/// Errors: InvalidArgument for a target token outside the vocabulary.
void check_tokens(const Batch& batch, const graph::Vocabulary& vocabulary);

}  // namespace nest::train
